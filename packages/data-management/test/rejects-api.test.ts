/** Rejected rows of all uploads over the API: grouped, counted, with samples; and line by line. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import type { RejectPage } from '../http/routes/rejects-schema.ts'
import { runLoaderPass } from '../update-db/update-db.ts'
import { HOLD } from './hold.ts'
import { assertProblem, get, openReceiver, postGzip, type Receiver, rowsText } from './receiver.ts'

const HOSTILE = '<script>alert(1)</script>\u202e\u001b[31m'

async function opened(): Promise<{ receiver: Receiver; reader: Receiver }> {
  const receiver = await openReceiver()
  return { receiver, reader: { ...receiver, key: await receiver.makeKey('read') } }
}

async function load(receiver: Receiver, name: string, text: string): Promise<string> {
  const { body } = await postGzip(receiver, `${name}.jsonl.gz`, text)
  const { folders, ledger, catalogue } = receiver
  const rest = { lineBytesMax: 1024 * 1024, hold: HOLD, log: openLog('silent'), now: Date.now, onFile: () => {} }
  await runLoaderPass({ disk: realDisk(), folders, ledger, catalogue, ...rest }, new AbortController().signal)
  return String(body.id)
}

function badPrice(price: string): string {
  return rowsText(1).replace('"price_current":1.5', `"price_current":${price}`)
}

async function page(reader: Receiver, query = ''): Promise<RejectPage> {
  const answer = await get(reader, `/api/rejects${query}`)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body as unknown as RejectPage
}

async function lines(reader: Receiver, query = ''): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${reader.url}/api/rejects/lines${query}`, { headers: { 'X-API-Key': reader.key } })
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-disposition') ?? '', /^attachment; filename="?rejects.jsonl"?$/)
  const text = await response.text()
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** One file of a store with three bad prices and two lines that are no JSON, one of another store, one of two stores, one without a row. */
async function withRejects(receiver: Receiver): Promise<Record<string, string>> {
  const other = (text: string) => text.replaceAll('G120', 'G700').replaceAll('nerang', 'southport')
  return {
    first: await load(
      receiver,
      'first',
      `${rowsText(30)}${badPrice('-1')}${badPrice('-2')}${badPrice('-3')}${HOSTILE}\n{\n`,
    ),
    second: await load(receiver, 'second', `${other(rowsText(30))}${other(badPrice('-1'))}`),
    both: await load(
      receiver,
      'both',
      `${rowsText(30, 2)}${other(rowsText(30, 2))}${badPrice('-1')}`.replaceAll('2025-09-12', '2025-09-13'),
    ),
    none: await load(receiver, 'none', 'nothing\nat all\n'),
  }
}

test('rejects are grouped by code, field and source, the most frequent first, with the first lines of the newest files', async () => {
  const { receiver, reader } = await opened()
  await using _ = receiver
  const ids = await withRejects(receiver)
  const { groups, next, rejects } = await page(reader)
  assert.equal(next, null)
  assert.equal(rejects, 9)
  assert.deepEqual(
    groups.map(({ code, field, company, store_id, count, uploads }) => [
      code,
      field,
      company,
      store_id,
      count,
      uploads,
    ]),
    [
      ['field_value', 'product.price_current', 'aldi', 'G120', 3, 1],
      ['not_json', null, null, null, 2, 1],
      ['not_json', null, 'aldi', 'G120', 2, 1],
      ['field_value', 'product.price_current', 'aldi', null, 1, 1],
      ['field_value', 'product.price_current', 'aldi', 'G700', 1, 1],
    ],
  )
  const hostile = groups[2]?.samples[0]
  assert.deepEqual([hostile?.upload_id, hostile?.filename, hostile?.line], [ids.first, 'first.jsonl', 34])
  assert.equal(hostile?.raw, HOSTILE, 'text is told as it is')
  assert.equal(groups[0]?.store_name, 'nerang')
})

test('a group shows samples of its newest three files', async () => {
  const { receiver, reader } = await opened()
  await using _ = receiver
  for (let day = 10; day < 15; day++)
    await load(receiver, `day-${day}`, `${rowsText(30)}no row\n`.replaceAll('2025-09-12', `2025-09-${day}`))
  const { groups } = await page(reader)
  assert.equal(groups.length, 1)
  assert.deepEqual([groups[0]?.count, groups[0]?.uploads], [5, 5])
  assert.deepEqual(
    groups[0]?.samples.map(({ filename }) => filename),
    ['day-14.jsonl', 'day-13.jsonl', 'day-12.jsonl'],
  )
})

test('pages and filters leave nothing out and show nothing twice', async () => {
  const { receiver, reader } = await opened()
  await using _ = receiver
  const ids = await withRejects(receiver)
  const whole = (await page(reader)).groups
  const seen: unknown[] = []
  for (let after = ''; ; ) {
    const { groups, next } = await page(reader, `?limit=2${after}`)
    seen.push(...groups)
    if (next === null) break
    after = `&after=${next}`
  }
  assert.deepEqual(seen, whole)
  for (const [query, count] of [
    ['code=not_json', 4],
    ['field=product.price_current', 5],
    ['company=aldi', 7],
    ['store=aldi/G120', 5],
    ['store=aldi/G120&code=not_json', 2],
    [`upload=${ids.both}`, 1],
    ['company=nobody', 0],
    [`since=${new Date(Date.now() + 60_000).toISOString()}`, 0],
    [`since=${new Date(Date.now() - 600_000).toISOString()}`, 9],
  ] as const) {
    assert.equal((await page(reader, `?${query}`)).rejects, count, query)
    assert.equal((await lines(reader, `?${query}`)).length, count, query)
  }
})

test('the lines come with all that is needed to mend them', async () => {
  const { receiver, reader } = await opened()
  await using _ = receiver
  const { first } = await withRejects(receiver)
  const found = await lines(reader, '?store=aldi/G120&code=field_value')
  assert.deepEqual(
    found.map(({ line }) => line),
    [31, 32, 33],
  )
  const { raw, reason, ...rest } = found[0] ?? {}
  assert.deepEqual(rest, {
    upload_id: first,
    filename: 'first.jsonl',
    company: 'aldi',
    store_id: 'G120',
    line: 31,
    code: 'field_value',
    field: 'product.price_current',
    raw_base64: null,
  })
  assert.equal(JSON.parse(String(raw)).product.price_current, -1)
  assert.ok(String(reason).length > 0)
})

test('bytes that are no text come in base64', async () => {
  const { receiver, reader } = await opened()
  await using _ = receiver
  const bytes = Buffer.concat([Buffer.from(rowsText(30)), Buffer.from([0xff, 0xfe, 0x0a])])
  await load(receiver, 'x', bytes as unknown as string)
  const { groups } = await page(reader)
  assert.deepEqual([groups[0]?.samples[0]?.raw, groups[0]?.samples[0]?.raw_base64], [null, '//4='])
})

test('what is no filter is refused', async () => {
  const { receiver, reader } = await opened()
  await using _ = receiver
  for (const query of ['codes=x', 'store=aldi', 'since=yesterday', 'limit=0', 'after=x', 'code='])
    assertProblem(await get(reader, `/api/rejects?${query}`), 400, 'request_invalid')
  assertProblem(await get(reader, '/api/rejects/lines?limit=5'), 400, 'request_invalid')
  assertProblem(await get(reader, '/api/rejects?upload=nothing'), 404, 'not_found')
})
