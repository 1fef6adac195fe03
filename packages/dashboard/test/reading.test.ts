/** What the page makes of what it is told, without a browser: marks in lines, lines of a chart, lists that change, text of others. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { csvLines as exportedCsvOf } from '@splitcart/data-management/catalogue/export-formats.ts'
import type { ProductAnswer } from '@splitcart/data-management/http/routes/products.ts'
import type { UploadView } from '@splitcart/data-management/http/routes/uploads-schema.ts'
import fc from 'fast-check'
import { withUpload } from '../api/events.ts'
import { parseSearch, stringifySearch } from '../app/search.ts'
import { dateLabels, dateTicks } from '../pages/products/axis.ts'
import { defaultStores } from '../pages/products/chart-stores.ts'
import { chartContentOf, linesOf, runAt, secondsOf, segmentsOf } from '../pages/products/lines.ts'
import { lineRangeOf } from '../pages/rejects/line-range.ts'
import { csvOf } from '../parts/csv.ts'
import { dayAndMonth, escapeInvisible, timeAgo } from '../parts/format.ts'
import { linesWithoutMarkup } from '../parts/marked-up.ts'

test('no text of a table that is taken along as CSV is a formula, in a list neither, and an export says the same', async () => {
  const rows = [
    { name: '＝1+1', price: -1, keys: ['=cmd()', 'b'], of: { brand: "'@x" } },
    { name: '\n-1', price: null, keys: [], of: { brand: 'a,"b"' } },
  ]
  const lines = `'＝1+1,-1,'=cmd(); b,''@x\r\n"'\n-1",,,"a,""b"""\r\n`
  assert.equal(csvOf(rows), `name,price,keys,of_brand\r\n${lines}`)
  const flat = rows.map(({ name, price, keys, of }) => ({ name, price, keys: keys.join('; '), brand: of.brand }))
  const exported = exportedCsvOf(Readable.from(flat), ['name', 'price', 'keys', 'brand'])
  assert.equal((await Array.fromAsync(exported)).join(''), `name,price,keys,brand\r\n${lines}`)
})

describe('the field that is marked in a rejected line', () => {
  for (const [title, raw, field, marked] of [
    ['a text', '{"product": {"name": "a \\" b", "x": 1}}', 'product.name', '"name": "a \\" b"'],
    ['a number', '{"product":{"price_current":-1.5,"x":1}}', 'product.price_current', '"price_current":-1.5'],
    ['an object', '{"product":{"name":{"a":[1,"}"]},"x":1}}', 'product.name', '"name":{"a":[1,"}"]}'],
    ['the last of two', '{"a":{"name":"x"},"b":{"name":null}}', 'b.name', '"name":null'],
    ['a value that was cut off', '{"product":{"name":"abc', 'product.name', '"name":"abc'],
    ['no value that has its name', '{"product":{"brand":"name"}}', 'product.name', undefined],
    ['nothing where no field is named', '{"product":1}', null, undefined],
  ] as const)
    test(title, () => {
      const place = lineRangeOf(raw, field)
      assert.equal(place && raw.slice(place.from, place.to), marked)
    })

  test('is looked for in any text without fail', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('a', 'name', '"', '\\'), (raw, field) => {
        const place = lineRangeOf(`${raw}"${field}": ${raw}`, field)
        assert.ok(place === undefined || (place.from >= 0 && place.to > place.from))
      }),
    )
  })
})

const TERMS = { sku: 'a', key: 'a', was_price_cents: null, is_on_special: false, is_available: true, is_current: false }
const STORE = {
  company: 'c',
  store_id: 's',
  store_name: 'S',
  is_silent: false,
  first_date: '2026-01-01',
  last_date: '2026-01-09',
}

describe('the lines of a chart', () => {
  const runs = [
    { ...TERMS, from: '2026-01-05', to: '2026-01-06', price_cents: 200 },
    { ...TERMS, from: '2026-01-01', to: '2026-01-02', price_cents: 100 },
    { ...TERMS, from: '2026-01-09', to: '2026-01-09', price_cents: 300 },
  ]
  const [line] = linesOf({ stores: [{ ...STORE, runs, gaps: [{ from: '2026-01-07', to: '2026-01-08' }] }] })

  test('hold a price until the next scrape says otherwise, and are broken where scrapes did not show it', () => {
    const { days, series } = chartContentOf([line!])
    assert.equal(days.length, 10)
    assert.deepEqual(series[0]!.prices, [1, 1, 1, 1, 2, 2, 2, null, 3, 3])
  })

  test('know which run shows a day, and none in a gap', () => {
    const at = (date: string) => runAt(line!, secondsOf(date))?.price_cents
    assert.deepEqual(['2026-01-03', '2026-01-06', '2026-01-07', '2026-01-08', '2026-01-09', '2026-02-01'].map(at), [
      100,
      200,
      undefined,
      undefined,
      300,
      300,
    ])
  })

  test('are several where a store sells the product as more than one', () => {
    const lines = linesOf({ stores: [{ ...STORE, gaps: [], runs: [...runs, { ...runs[0]!, sku: 'b' }] }] })
    assert.deepEqual(
      lines.map(({ listing }) => listing),
      ['a', 'b'],
    )
  })
})

/** A store of one company with runs of these prices, each of so many days. */
function storeOf(store_id: string, company: string, prices: readonly (readonly [days: number, cents: number])[]) {
  let before = 0
  const dateOf = (day: number) => new Date(Date.UTC(2026, 0, day)).toISOString().slice(0, 10)
  const runs = prices.map(([days, price_cents]) => {
    const from = before + 1
    before += days
    return { ...TERMS, from: dateOf(from), to: dateOf(before), price_cents }
  })
  return { ...STORE, company, store_id, store_name: store_id, runs, gaps: [] }
}

describe('the series of a chart', () => {
  const same = [
    [3, 100],
    [2, 120],
  ] as const
  const stores = [
    storeOf('1', 'c', same),
    storeOf('2', 'c', same),
    storeOf('3', 'c', [[5, 100]]),
    storeOf('4', 'd', same),
  ]
  const { series } = chartContentOf(linesOf({ stores }))
  const prices = series.map((each) => each.prices)

  test('are one for all stores of a company that never differed, and one for each that did', () => {
    assert.deepEqual(
      series.map((each) => (each.chain === undefined ? each.lines : []).map((line) => line.company + line.storeId)),
      [['c1', 'c2'], ['c3'], ['d4']],
    )
  })

  test('have the price that is in the data at every moment, however many are at the same price and whichever of them end', () => {
    for (const [index, each] of prices.entries())
      for (const { from, to, price } of segmentsOf(prices, index))
        for (let day = from; day < to; day++) assert.equal(price, each[day])
  })

  test('take turns where they are at the same price, so that each of them is seen', () => {
    const turns = prices.map((_, index) => segmentsOf(prices, index).map(({ rank, of }) => `${rank + 1} of ${of}`))
    assert.deepEqual(turns, [
      ['1 of 3', '1 of 2'],
      ['2 of 3', '1 of 1'],
      ['3 of 3', '2 of 2'],
    ])
  })
})

describe('the stores that a chart shows first', () => {
  const price = (company: string, store: string, price_cents: number) =>
    ({ company, store_id: store, price_cents }) as ProductAnswer['prices'][number]

  test('are those that differ, not those that tie', () => {
    const ties = Array.from({ length: 30 }, (_, index) => price('aldi', `G${index}`, 319))
    const all = [...ties, price('aldi', 'H1', 355), price('aldi', 'H2', 31_900), price('iga', '7', 400)]
    assert.deepEqual(new Set(defaultStores(all).slice(0, 4)), new Set(['aldi/G0', 'aldi/H1', 'aldi/H2', 'iga/7']))
    assert.ok(defaultStores(all).length <= 8)
  })

  test('are the lowest and the highest, where more differ than fit', () => {
    const all = Array.from({ length: 30 }, (_, index) => price('aldi', `G${index}`, 100 + index))
    const first = defaultStores(all)
    for (const store of ['aldi/G0', 'aldi/G1', 'aldi/G29', 'aldi/G28']) assert.ok(first.includes(store), store)
  })
})

describe('the dates below a chart', () => {
  const at = (date: string) => Date.parse(date) / 1000

  test('are told once each, with the year below the first and where another one begins', () => {
    const labels = (from: string, to: string, most: number) => dateLabels(dateTicks(at(from), at(to), most))
    const said = (date: string) => dayAndMonth(Date.parse(date))
    const begun = (date: string) => `${said(date)}\n${date.slice(0, 4)}`
    assert.deepEqual(labels('2025-11-21T12:00Z', '2025-11-23T12:00Z', 12), [begun('2025-11-22'), said('2025-11-23')])
    assert.deepEqual(labels('2025-12-31', '2026-01-02', 12), [
      begun('2025-12-31'),
      begun('2026-01-01'),
      said('2026-01-02'),
    ])
    assert.deepEqual(labels('2024-11-05', '2026-01-20', 6), [
      begun('2025-01-01'),
      ...['2025-04-01', '2025-07-01', '2025-10-01'].map(said),
      begun('2026-01-01'),
    ])
  })

  test('are as few as there is room for, in order, and different, however much is shown', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 30_000 }),
        fc.integer({ min: 2, max: 12_000 }),
        fc.integer({ min: 3, max: 20 }),
        (first, days, most) => {
          const labels = dateLabels(dateTicks(first * 86_400, (first + days) * 86_400, most))
          assert.ok(labels.length > 0 && labels.length <= most)
          const whole = labels.map((label, index) => {
            const year = labels
              .slice(0, index + 1)
              .findLast((each) => each.includes('\n'))!
              .split('\n')[1]
            return `${label.split('\n')[0]} ${year}`
          })
          assert.equal(new Set(whole).size, whole.length)
        },
      ),
    )
  })
})

describe('a list of uploads', () => {
  const upload = (id: string, state = 'loaded') => ({ id, state, filename: `${id}.jsonl` }) as UploadView
  const list = (...pages: string[][]) => ({
    pages: pages.map((ids) => ({ uploads: ids.map((id) => upload(id)), next: null })),
    pageParams: pages.map(() => ({})),
  })
  const idsIn = ({ pages }: ReturnType<typeof list>) => pages.map(({ uploads }) => uploads.map(({ id }) => id))

  test('takes what is new at its top, and what has changed in its place', () => {
    assert.deepEqual(idsIn(withUpload(list(['4', '2'], ['1']), upload('5'), {}) as ReturnType<typeof list>), [
      ['5', '4', '2'],
      ['1'],
    ])
    const changed = withUpload(list(['4', '2'], ['1']), upload('1', 'held'), {})
    assert.equal(changed.pages[1]?.uploads[0]?.state, 'held')
  })

  test('leaves out what is not sought, and what comes with a page that is not there yet', () => {
    assert.deepEqual(
      idsIn(withUpload(list(['4', '2']), upload('2', 'held'), { state: 'loaded' }) as ReturnType<typeof list>),
      [['4']],
    )
    assert.deepEqual(idsIn(withUpload(list(['4', '2']), upload('1'), {}) as ReturnType<typeof list>), [['4', '2']])
    assert.deepEqual(idsIn(withUpload(list(['4']), upload('5'), { q: 'other' }) as ReturnType<typeof list>), [['4']])
  })
})

test('text of others has nothing invisible in it, and words keep their joiners', () => {
  assert.equal(escapeInvisible('a\u202eb\u0007\u200d\u2028'), 'a\\u{202e}b\\u{7}\u200d\\u{2028}')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      assert.doesNotMatch(escapeInvisible(text), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
    }),
  )
})

test('filters come back from the address as they were', () => {
  const word = fc.string({ minLength: 1 }).map((text) => text.toWellFormed())
  fc.assert(
    fc.property(
      fc.record({ q: word, store: fc.array(word, { minLength: 2, maxLength: 4 }) }, { noNullPrototype: true }),
      (search) => {
        assert.deepEqual(parseSearch(stringifySearch(search)), search)
      },
    ),
  )
})

test('how long ago something was is said in the unit that fits', () => {
  const at = Date.UTC(2026, 0, 1)
  // In whatever language whoever reads it has.
  const inWords = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' })
  for (const [ms, number, unit] of [
    [10_000, 10, 'second'],
    [5 * 60_000, 5, 'minute'],
    [3 * 3_600_000, 3, 'hour'],
    [40 * 3_600_000, 2, 'day'],
  ] as const)
    assert.equal(timeAgo(at, at + ms), inWords.format(-number, unit))
})

describe('what a shop writes with markup in it', () => {
  for (const [title, text, lines] of [
    [
      'has a line for each break',
      'Firm.<br/>Sweet.<BR >Ripe.<br />\n<br /><br />Keep cold.',
      'Firm.|Sweet.|Ripe.||Keep cold.',
    ],
    [
      'has paragraphs and items',
      '<p class="x">Oats</p><ul><li>Milk</li><li><strong>Salt</strong></li></ul>',
      'Oats||• Milk|• Salt',
    ],
    [
      'has the characters that entities stand for',
      'Farmer&rsquo;s caf&eacute; &amp; &#8364;2&nbsp;&#x26; &lt;b&gt; &amp;lt;',
      'Farmer’s café & €2 & <b> &lt;',
    ],
    ['keeps what is no tag and no entity', 'Fat <5 g, a<b, <3, <script>x</script> &nosuch; &#0; &#xd800;', ''],
  ] as const)
    test(title, () => assert.equal(linesWithoutMarkup(text).join('|'), lines === '' ? text : lines))
})
