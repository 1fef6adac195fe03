/** The rules by which a scrape is judged, each at its edge; and that honest scrapes pass them all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { moneyFormatter } from '../money.ts'
import { readParsedRow } from '../row.ts'
import { estimateRejectedLines, holdReason, judge, judgeFile } from '../truth/judge.ts'
import { mergeFigures } from '../truth/merge-figures.ts'
import { applyRepair } from '../truth/repairs.ts'
import type { References } from '../truth/rule-input.ts'
import { RULES } from '../truth/rules.ts'
import {
  dayBefore,
  holdsOf,
  type Product,
  RULE_CASES,
  scrapeOf,
  shop,
  since,
  sisters,
  THRESHOLDS,
  verdictsOf,
} from './truth-cases.ts'

function withPrices(price: (product: Product) => number): Product[] {
  return shop().map((product) => ({ ...product, price_current: price(product), price_was: null }))
}

for (const { rule, of, most, lie, references } of RULE_CASES)
  test(`${rule} is told of ${most + 1} ${of}, and not of ${most}`, () => {
    const isTold = (count: number) => judge(lie(count), references, THRESHOLDS).some((each) => each.rule === rule)
    assert.equal(isTold(most), false)
    assert.equal(isTold(most + 1), true)
  })

test('every rule has a case at its edge', () => {
  assert.deepEqual(RULE_CASES.map(({ rule }) => rule).sort(), Object.keys(RULES).sort())
})

test('a shop that stays the same, one that grows, and a first scrape are not held', () => {
  assert.deepEqual(holdsOf(shop()), [])
  assert.deepEqual(holdsOf(shop(160)), [])
  assert.deepEqual(holdsOf(shop(), sisters(5)), [])
  assert.deepEqual(holdsOf(shop(), { usual: [], sisters: [] }), [])
})

test('a week of specials is not held, nor the week after it', () => {
  const special = shop().map((product, place) =>
    place % 7 > 0 ? product : { ...product, is_on_special: true, price_current: Number(product.price_current) / 2 },
  )
  const none = shop().map((product) => ({ ...product, is_on_special: false, price_was: null }))
  assert.deepEqual(holdsOf(special), [])
  assert.deepEqual(holdsOf(none, dayBefore(special)), [])
})

test('a store of 27 goods may lose ten of them, and not fifteen', () => {
  const references = dayBefore(shop(27))
  assert.deepEqual(holdsOf(shop(17), references), [])
  assert.ok(holdsOf(shop(12), references).includes('rows_below_usual'))
})

test('rows that creep away are compared with what was usual on ten dates, not with the day before', () => {
  const references = { ...dayBefore(shop(80)), usual: [80, 84, 88, 92, 96, 100, 100, 100, 100, 100] }
  assert.deepEqual(holdsOf(shop(78), references), [])
  assert.deepEqual(holdsOf(shop(68), references), ['rows_below_usual'])
})

test('a category that the other stores have lost since, too, is not held', () => {
  const without = shop().slice(20)
  const references = { ...dayBefore(), usual: [80] }
  assert.ok(holdsOf(without, references).includes('category_lost'))
  assert.deepEqual(holdsOf(without, { ...references, sisters: since(without) }), [])
})

test('a first scrape that writes its categories otherwise than the other stores is not held', () => {
  const otherwise = shop().map(({ category_path, ...product }) => {
    return { ...product, category_path: ['Groceries', `${category_path} & more`] }
  })
  assert.deepEqual(holdsOf(otherwise, sisters(10)), [])
  assert.ok(holdsOf(otherwise.slice(0, 60), sisters(10)).includes('categories_missing'), 'two of five are gone')
})

test('rows that were rejected are told as rejects, and are not missing once more', () => {
  const references = { ...dayBefore(), usual: [100] }
  const mended = scrapeOf(shop().slice(20))
  assert.ok(judge(mended, references, THRESHOLDS).some(({ held }) => held))
  assert.deepEqual(judge({ ...mended, rejected: 20 }, references, THRESHOLDS), [])
  assert.equal(estimateRejectedLines({ rows: 120, rejected: 24, differing: 4 }, mended.figures), 17)
})

test('one store of several that is wrong does not spoil what the others say', () => {
  const wrong = sisters(
    1,
    withPrices(({ price_current }) => Number(price_current) * 100),
  ).sisters
  const references = { ...sisters(4), sisters: [...wrong, ...sisters(4).sisters] }
  assert.deepEqual(holdsOf(shop(), references), [])
})

test('what is told is written as people write it: figures in groups, shares in percent, prices in a currency where one is set', () => {
  const many = Array.from({ length: 1_500 }, (_, place) => ({
    ...shop()[0]!,
    sku: `m${place}`,
    name: `Milk ${place}`,
    price_current: 1_234.5,
  }))
  const free = many.map((product, place) => (place < 1_200 ? { ...product, price_current: 0 } : product))
  const { sentence = '' } = verdictsOf(free, dayBefore(many)).find(({ rule }) => rule === 'prices_zero') ?? {}
  assert.match(sentence, /^1,200 of 1,500 prices of .* are 0\.$/)
  const dear = shop().map((product) => ({
    ...product,
    price_current: Number(product.price_current) * 1_000,
    price_was: null,
  }))
  const toldIn = (currency?: string) =>
    judge(
      { ...scrapeOf(dear), ...(currency !== undefined && { money: moneyFormatter(currency) }) },
      dayBefore(),
      THRESHOLDS,
    ).find(({ rule }) => rule === 'prices_by_factor')
  assert.match(toldIn()?.sentence ?? '', /^100% of the prices of .* are 1,000 times what /)
  assert.match(toldIn()?.examples[1] ?? '', /: \d+\.\d\d → \d+,\d{3}\.00$/)
  assert.match(toldIn('AUD')?.examples[1] ?? '', /: \$\d+\.\d\d → \$\d+,\d{3}\.00$/)
})

test('a repair is offered where a constant makes all of it right again', () => {
  const repairOf = (products: readonly Product[]) => verdictsOf(products).find(({ repair }) => repair !== null)?.repair
  assert.deepEqual(repairOf(withPrices(({ price_current }) => Number(price_current) * 100)), {
    kind: 'factor',
    field: 'price_current',
    factor: 0.01,
  })
  assert.deepEqual(repairOf(withPrices(({ price_current }) => Number(price_current) / 100)), {
    kind: 'factor',
    field: 'price_current',
    factor: 100,
  })
  const swapped = shop().map((product) => ({ ...product, name: product.brand, brand: product.name }))
  assert.deepEqual(repairOf(swapped), { kind: 'swap', field: 'name', with: 'brand' })
  assert.equal(repairOf(withPrices(({ price_current }) => Number(price_current) * 1.53)), undefined)
})

test('a repaired row says what it would have said', () => {
  const metadata = { company: 'northmart', store_id: 'S1', scraped_date: '2026-05-02' }
  const row = readParsedRow({ product: { ...shop()[0], price_current: 399, price_was: 449 }, metadata })
  assert.ok(!('reason' in row))
  const { priceCents, wasPriceCents } = applyRepair(row, { kind: 'factor', field: 'price_current', factor: 0.01 })
  assert.deepEqual([priceCents, wasPriceCents], [399, 449])
  const swapped = applyRepair(row, { kind: 'swap', field: 'price_current', with: 'price_was' })
  assert.deepEqual([swapped.priceCents, swapped.wasPriceCents], [44900, 39900])
})

test('brands and categories are counted right, however many of them come between', () => {
  const odd = shop(1_500).map((product, place) => ({
    ...product,
    brand: `B${place}`,
    category_path: [`C${place % 60}`, `${place}`],
  }))
  const scrape = scrapeOf([...odd, ...shop(1_700).slice(1_500)])
  const { tops, filled, rows } = scrape.figures
  assert.equal(rows, 1_700)
  assert.deepEqual(
    { brand: filled.brand, size: filled.size, category: filled.category_path },
    { brand: 1_700, size: 1_700, category: 1_700 },
  )
  assert.deepEqual(tops.slice(0, 6), [
    ['Bakery', 40],
    ['Dairy', 40],
    ['Fruit', 40],
    ['Household', 40],
    ['Pantry', 40],
    ['C0', 25],
  ])
})

test('rows of a date of which no figures were kept are not rows without a price or a field', () => {
  const later = shop(200).slice(100)
  const beside = scrapeOf(shop(10)).figures
  const references = { ...dayBefore(shop(200)), beside, rows: 200 }
  assert.deepEqual(holdsOf(later, references), [])
})

test('two scrapes of a date count together what they show together', () => {
  const [first, second] = [scrapeOf(shop().slice(0, 70)).figures, scrapeOf(shop().slice(60)).figures]
  const both = mergeFigures([first, second])
  assert.equal(both.rows, 100)
  assert.deepEqual(both.tops, scrapeOf(shop()).figures.tops)
  assert.deepEqual(holdsOf(shop().slice(60), { ...dayBefore(), beside: first }), [])
})

test('a shop whose scrapes always repeat rows is not told of it, and one that begins to is', () => {
  const repeating = [...shop(), ...shop(), ...shop(), ...shop()]
  const repeats = (references: References) =>
    verdictsOf(repeating, references).some(({ rule }) => rule === 'rows_repeated')
  assert.equal(repeats(dayBefore()), true)
  assert.equal(repeats(dayBefore(repeating)), false)
})

test('a file without a row, of many rejects, or of rows that contradict each other, is held', () => {
  const rulesOf = (rows: number, rejected: number, differing: number) =>
    judgeFile({ rows, rejected, differing }, THRESHOLDS).map(({ rule }) => rule)
  assert.deepEqual(rulesOf(0, 0, 0), ['no_row'])
  assert.deepEqual(rulesOf(100, 20, 0), [])
  assert.deepEqual(rulesOf(100, 21, 0), ['rejects'])
  assert.deepEqual(rulesOf(100, 7, 7), [])
  assert.deepEqual(rulesOf(100, 8, 8), ['differing_duplicates'])
})

test('what holds a file is one sentence, and the names of what else does', () => {
  const reason = holdReason(verdictsOf(withPrices(() => 0))) ?? ''
  assert.match(reason, /^100 of 100 prices of S1 on 2026-05-02 are 0\. And \d more: .*prices_moved/)
  assert.equal(holdReason(verdictsOf(shop())), undefined)
})

test('addresses of other rows are held, one address or category for all of them too, and new ones are not', () => {
  const shifted = (field: string, count: number) => {
    const all = shop(count)
    return all.map((product, place) => ({ ...product, [field]: all[(place + 1) % count]![field] }))
  }
  const rewritten = shop().map((product, place) => ({ ...product, url: `https://other.example/${place}` }))
  const one = shop().map((product) => ({ ...product, url: 'https://shop.example/' }))
  const oneCategory = shop().map((product) => ({ ...product, category_path: ['All'] }))
  for (const field of ['url', 'image_url'])
    for (const count of [100, 2_500])
      assert.deepEqual(holdsOf(shifted(field, count), dayBefore(shop(count))), ['values_moved'])
  assert.deepEqual(holdsOf(rewritten), [])
  assert.deepEqual(holdsOf(one), ['field_constant'])
  assert.deepEqual(holdsOf(oneCategory), ['field_constant'])
})

test('figures of an older version, which lack addresses and reductions, are compared in all else', () => {
  const references = dayBefore()
  const { addresses: _, reduced: __, ...older } = references.own!.figures
  const before = { ...references, own: { ...references.own!, figures: older } }
  const all = shop().map((product) => ({
    ...product,
    url: 'https://shop.example/',
    price_was: 2 * Number(product.price_current),
  }))
  assert.deepEqual(holdsOf(all, before), [])
  assert.deepEqual(holdsOf(all), ['all_reduced', 'field_constant'])
})

test('an address that is a template is told of the field that it stands in', () => {
  const withTemplate = (field: string) =>
    shop().map((product, place) => ({ ...product, [field]: `https://shop.example/{width}/${place}` }))
  for (const field of ['url', 'image_url']) {
    const found = verdictsOf(withTemplate(field)).filter(({ rule }) => rule === 'template_address')
    assert.deepEqual([field, found.map((each) => [each.field, each.rows])], [field, [[field, 100]]])
    assert.equal(found[0]!.examples.length, 5)
  }
})

test('a first scrape without addresses is held where three other stores and all of them have some, or the store had', () => {
  const without = shop().map(({ url: _, ...product }) => product)
  const mixed = sisters(5)
  const other = { ...mixed.sisters[4]!, figures: scrapeOf(without).figures }
  assert.deepEqual(holdsOf(without, dayBefore()), ['field_emptied'])
  assert.deepEqual(holdsOf(without, sisters(3)), ['field_emptied'])
  assert.deepEqual(holdsOf(without, sisters(2)), [])
  assert.deepEqual(holdsOf(without, { ...mixed, sisters: [...mixed.sisters.slice(0, 4), other] }), [])
})
