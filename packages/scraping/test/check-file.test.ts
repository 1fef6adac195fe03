/** What a sender can know of its file before it is sent. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { shop } from '@splitcart/shared/test/truth-cases.ts'
import { FileFigures } from '@splitcart/shared/truth/file-figures.ts'
import { isHolding } from '@splitcart/shared/truth/finding.ts'
import { defaultThresholds } from '@splitcart/shared/truth/thresholds.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { type CheckContext, checkFile, NO_BASELINE } from '../check-file.ts'
import { ScrapeCheck } from '../scrape-check.ts'

const METADATA = { company: 'northmart', store_id: 'S1', scraped_date: '2026-05-02' }
const ALONE: CheckContext = {
  thresholds: defaultThresholds(),
  on: '2026-05-02',
  baselineOf: async () => NO_BASELINE,
}

function textOf(products: readonly object[], metadata = METADATA): string {
  return products.map((product) => `${JSON.stringify({ product, metadata })}\n`).join('')
}

test('a file is judged before it is sent: alone, and beside what the server knows of the store', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'a.jsonl')
  const dear = shop().map((product) => ({
    ...product,
    price_current: Number(product.price_current) * 100,
    price_was: null,
  }))
  await writeFile(path, `${textOf(dear)}no row\n`)
  const alone = await checkFile(path, ALONE)
  const rules = alone.verdicts.map(({ rule, held }) => [rule, held])
  // The unit prices are still right, so the prices fit them no more.
  assert.deepEqual([alone.rows, alone.rejected, rules], [101, 1, [['unit_price_disagrees', false]]])
  const baselineOf = async () => {
    const { readParsedRow } = await import('@splitcart/shared/row.ts')
    const figures = new FileFigures()
    for (const product of shop()) figures.add(readParsedRow({ product, metadata: METADATA }) as never)
    const own = { store: 'S1', date: '2026-05-01', figures: figures.scrapes[0]!.maker.figures() }
    return { references: { own, usual: [100], sisters: [] }, beliefs: [] }
  }
  const { verdicts } = await checkFile(path, { ...ALONE, baselineOf })
  assert.deepEqual(
    verdicts.map(({ rule, held, repair }) => [rule, held, repair]),
    [
      ['prices_by_factor', true, { kind: 'factor', field: 'price_current', factor: 0.01 }],
      ['unit_price_disagrees', false, null],
    ],
  )
})

test('what is wrong without anything to compare with is known: no row, a date ahead, a flag that tells nothing', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'b.jsonl.gz')
  const rulesOf = async (text: string) => {
    await writeFile(path, gzipSync(text))
    return (await checkFile(path, ALONE)).verdicts.map(({ rule }) => rule)
  }
  assert.deepEqual(await rulesOf(''), ['no_row'])
  assert.deepEqual(await rulesOf(textOf(shop(), { ...METADATA, scraped_date: '2062-05-02' })), ['date_ahead'])
  const away = shop().map((product) => ({ ...product, is_available: false }))
  assert.deepEqual(await rulesOf(textOf(away)), ['flag_constant'])
})

test('files are compared with those before them, also where the server does not tell; what is held is no measure', async () => {
  await using at = await temporaryFolder()
  const askServer = async () => undefined
  const order = { thresholds: defaultThresholds(), now: () => Date.parse('2026-05-10'), askServer }
  const checking = new ScrapeCheck(order)
  const isHeld = async (day: number, factor: number) => {
    const path = join(at.path, `${day}.jsonl`)
    const products = shop().map((product) => ({ ...product, price_current: Number(product.price_current) * factor }))
    await writeFile(path, textOf(products, { ...METADATA, scraped_date: `2026-05-0${day}` }))
    return (await checking.check(path)).verdicts.some(isHolding)
  }
  const days = [await isHeld(1, 1), await isHeld(2, 100), await isHeld(3, 100), await isHeld(4, 1)]
  assert.deepEqual(days, [false, true, true, false])
})

test('a file is judged as it would be loaded: codes in any case are one store, and a value that is missing is no other one', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'c.jsonl')
  const judged = async (products: readonly object[], metadata: typeof METADATA) => {
    await writeFile(path, textOf(shop()) + textOf(products, metadata))
    const { rejected, verdicts } = await checkFile(path, ALONE)
    return [rejected, ...verdicts.filter(isHolding).map(({ rule }) => rule)]
  }
  const otherwise = { ...METADATA, company: 'NorthMart', store_id: 's1' }
  const less = shop().map(({ size: _, price_was: __, ...product }) => product)
  const dearer = shop().map((product) => ({ ...product, price_current: Number(product.price_current) + 1 }))
  assert.deepEqual(await judged(less, METADATA), [0])
  assert.deepEqual(await judged(less, otherwise), [0])
  assert.deepEqual(await judged(dearer, otherwise), [0, 'differing_duplicates'])
})

test('a file in which no line is a row is told to be what it is, as the server would tell', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'd.jsonl')
  const [line] = textOf(shop(1)).split('\n')
  const told = async (text: string) => {
    await writeFile(path, text)
    return (await checkFile(path, ALONE)).verdicts.filter(isHolding).map(({ rule, sentence }) => `${rule}: ${sentence}`)
  }
  assert.deepEqual(await told('Sorry, this page is not available'), ['no_row: Not one line of the file is a row.'])
  assert.match((await told(`[${line}]`)).join(), /^no_row: The file is one JSON array: .*jq/)
  assert.match((await told('{"name": "Oats"}\n{"name": "Rye"}\n')).join(), /^no_row: The rows are flat/)
  assert.deepEqual(await told(`${textOf(shop())}no row\n`), [])
})
