/** For each rule a lie that can be told of more rows or fewer: the least that trips the rule, and the most that does not. */
import { type Row, readParsedRow } from '../row.ts'
import { DAY_MS } from '../time.ts'
import { FileFigures } from '../truth/file-figures.ts'
import type { Finding } from '../truth/finding.ts'
import { judge } from '../truth/judge.ts'
import type { JudgedScrape, Reference, References } from '../truth/rule-input.ts'
import { defaultThresholds } from '../truth/thresholds.ts'

export type Product = Record<string, unknown>
type Store = Readonly<{ store?: string; date?: string }>

const WORDS = ['Oats', 'Milk', 'Bread', 'Apples', 'Soap', 'Rice', 'Tea', 'Beans', 'Cheese', 'Pasta']
const CATEGORIES = ['Pantry', 'Dairy', 'Bakery', 'Fruit', 'Household']

/** An honest shop of 100 goods: ten brands, five categories of twenty, prices of one to a hundred dollars. */
export function shop(count = 100): Product[] {
  return Array.from({ length: count }, (_, place) => {
    const size = 50 * (1 + (place % 13))
    return {
      sku: `0000${1000 + place}`,
      name: `${WORDS[place % 10]} No ${place} ${size}g`,
      brand: `Brand ${(place * 7) % 10}`,
      barcode: String(9_300_601_000_000 + place),
      size: `${size} g`,
      normalized_name_brand_size: `key ${place}`,
      category_path: [CATEGORIES[Math.floor(place / 20) % 5]],
      // Neighbours on the page have prices far from each other.
      price_current: 1 + ((place * 37) % 100),
      price_was: place % 4 === 0 ? 2 + ((place * 37) % 100) : null,
      is_on_special: place % 4 === 0,
      is_available: place % 10 !== 9,
      image_url: `https://shop.example/${place}.png`,
      url: `https://shop.example/${place}`,
      unit_price: (100 * (1 + ((place * 37) % 100))) / size,
      unit_of_measure: '100g',
    }
  })
}

/** The scrape of these products. */
export function scrapeOf(
  products: readonly Product[],
  { store = 'S1', date = '2026-05-02' }: Store = {},
): JudgedScrape {
  const figures = new FileFigures()
  const metadata = { company: 'northmart', store_id: store, scraped_date: date }
  for (const product of products) figures.add(readParsedRow({ product, metadata }) as Row)
  const [scrape] = figures.scrapes
  return {
    company: 'northmart',
    store,
    date,
    receivedOn: '2026-05-02',
    figures: scrape!.maker.figures(),
    sampled: scrape!.maker.sampled,
  }
}

function referenceTo(products: readonly Product[], at: Store = {}): Reference {
  const { store, date, figures } = scrapeOf(products, { date: '2026-05-01', ...at })
  return { store, date, figures }
}

/** What the shop showed the day before. */
export function dayBefore(products: readonly Product[] = shop()): References {
  const own = referenceTo(products)
  return { own, usual: [own.figures.rows], newest: own.date, sisters: [] }
}

/** What other stores showed the day before. */
export function sisters(count: number, products: readonly Product[] = shop()): References {
  const all = Array.from({ length: count }, (_, place) => referenceTo(products, { store: `S${place + 2}` }))
  return { usual: [], newest: '2026-05-01', sisters: all }
}

/** A lie of one rule: told of so many rows (or days) it is not found, and of one more it is. */
export type RuleCase = Readonly<{
  rule: string
  of: string
  most: number
  lie: (count: number) => JudgedScrape
  references: References
}>

/** Changes the first rows of the shop. */
function changed(change: (product: Product, place: number) => Product) {
  return (count: number) =>
    scrapeOf(shop().map((product, place) => (place < count ? { ...product, ...change(product, place) } : product)))
}

const without = (count: number) => scrapeOf(shop().slice(count))
const times = (factor: number) => changed((product) => ({ price_current: Number(product.price_current) * factor }))
const before = dayBefore()

export const RULE_CASES: readonly RuleCase[] = [
  {
    rule: 'date_ahead',
    of: 'days',
    most: 1,
    references: before,
    lie: (count) => scrapeOf(shop(), { date: day(count) }),
  },
  {
    rule: 'date_long_before',
    of: 'days',
    most: 366,
    references: { ...before, newest: day(0) },
    lie: (count) => scrapeOf(shop(), { date: day(-count) }),
  },
  { rule: 'prices_by_factor', of: 'prices', most: 56, references: before, lie: times(100) },
  { rule: 'prices_zero', of: 'prices', most: 25, references: before, lie: changed(() => ({ price_current: 0 })) },
  {
    rule: 'prices_far',
    of: 'prices',
    most: 3,
    references: before,
    lie: changed(({ price_current }) => ({ price_current: 7 * Number(price_current), price_was: null })),
  },
  {
    rule: 'all_reduced',
    of: 'prices',
    most: 93,
    references: before,
    lie: (count) =>
      scrapeOf(
        shop().map(({ price_current, ...product }, place) => {
          return { ...product, price_current, price_was: place < count ? 2 * Number(price_current) : null }
        }),
      ),
  },
  {
    rule: 'prices_are_unit_prices',
    of: 'prices',
    most: 52,
    references: before,
    lie: changed(({ unit_price }) => ({ price_current: unit_price })),
  },
  {
    rule: 'prices_moved',
    of: 'prices',
    most: 30,
    references: before,
    lie: changed((_, place) => ({ price_current: 1 + (((place + 1) * 37) % 100) })),
  },
  {
    rule: 'was_below_price',
    of: 'rows',
    most: 60,
    references: before,
    lie: changed(({ price_current, price_was }) =>
      price_was === null ? {} : { price_current: price_was, price_was: price_current },
    ),
  },
  {
    rule: 'new_identity',
    of: 'SKUs',
    most: 56,
    references: before,
    lie: changed(({ sku }) => ({ sku: String(Number(sku)) })),
  },
  {
    rule: 'names_changed',
    of: 'names',
    most: 46,
    references: before,
    lie: changed((_, place) => ({ name: `Another ${place}` })),
  },
  {
    rule: 'values_moved',
    of: 'brands',
    most: 56,
    references: before,
    lie: changed(({ brand }) => ({ brand: `Brand ${(Number(String(brand).at(-1)) + 1) % 10}` })),
  },
  { rule: 'field_emptied', of: 'sizes', most: 56, references: before, lie: changed(() => ({ size: null })) },
  { rule: 'field_constant', of: 'sizes', most: 93, references: before, lie: changed(() => ({ size: '1 each' })) },
  { rule: 'field_repeated', of: 'brands', most: 93, references: before, lie: changed(({ name }) => ({ brand: name })) },
  {
    rule: 'flag_turned',
    of: 'flags',
    most: 56,
    references: before,
    lie: changed(({ is_available }) => ({ is_available: !is_available })),
  },
  { rule: 'rows_below_usual', of: 'rows gone', most: 25, references: before, lie: without },
  { rule: 'rows_below_sisters', of: 'rows gone', most: 25, references: sisters(3), lie: without },
  { rule: 'category_lost', of: 'rows gone', most: 12, references: before, lie: without },
  { rule: 'categories_missing', of: 'rows gone', most: 12, references: sisters(10), lie: without },
  {
    rule: 'rows_repeated',
    of: 'rows',
    most: 119,
    references: before,
    lie: (count) => scrapeOf([...shop(), ...Array<Product>(count).fill(shop()[0]!)]),
  },
  { rule: 'category_missing', of: 'rows gone', most: 12, references: sisters(3), lie: without },
  {
    rule: 'category_renamed',
    of: 'rows',
    most: 12,
    references: before,
    lie: changed(() => ({ category_path: ['Other'] })),
  },
  { rule: 'prices_by_factor_near_one', of: 'prices', most: 56, references: before, lie: times(1.02) },
  {
    rule: 'values_rewritten',
    of: 'sizes',
    most: 56,
    references: before,
    lie: changed(({ size }) => ({ size: `about ${size}` })),
  },
  {
    rule: 'flag_constant',
    of: 'rows',
    most: 98,
    references: { ...before, own: undefined },
    lie: changed(() => ({ is_available: false })),
  },
  {
    rule: 'unit_price_disagrees',
    of: 'rows',
    most: 35,
    references: before,
    lie: changed(({ unit_price }) => ({ unit_price: Number(unit_price) / 100 })),
  },
  {
    rule: 'one_brand',
    of: 'rows',
    most: 56,
    references: { ...before, own: undefined },
    lie: changed(() => ({ brand: 'Sharp Blades Ltd' })),
  },
  {
    rule: 'template_address',
    of: 'rows',
    most: 4,
    references: before,
    lie: changed((_, place) => ({ image_url: `https://shop.example/{width}/${place}` })),
  },
  {
    rule: 'mojibake',
    of: 'names',
    most: 0,
    references: before,
    lie: changed(({ name }) => ({ name: `CafÃ© ${name}` })),
  },
  {
    rule: 'html_in_names',
    of: 'names',
    most: 0,
    references: before,
    lie: changed(({ name }) => ({ name: `<b>${name}</b>` })),
  },
]

function day(count: number): string {
  return new Date(Date.UTC(2026, 4, 2) + count * DAY_MS).toISOString().slice(0, 10)
}

/** The usual thresholds. */
export const THRESHOLDS = defaultThresholds()

/** What is found in a scrape of these goods. */
export function verdictsOf(products: readonly Product[], references: References = dayBefore()): Finding[] {
  return judge(scrapeOf(products), references, THRESHOLDS)
}

/** The rules that hold it. */
export function holdsOf(products: readonly Product[], references?: References): string[] {
  return verdictsOf(products, references).flatMap(({ rule, held }) => (held ? [rule] : []))
}

/** Other stores, with what they showed since the day before. */
export function since(products: readonly Product[]): References['sisters'] {
  return sisters(3, products).sisters.map((each) => ({ ...each, date: '2026-05-02' }))
}
