/** Prices against exact arithmetic on decimal text. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../../test/properties.ts'
import { centsOf } from '../price.ts'

/** Half up on a plain decimal, with whole numbers only. */
function exact(decimal: string): number | undefined {
  const [whole = '', places = ''] = decimal.split('.')
  const scale = 10n ** BigInt(places.length)
  const cents = (2n * 100n * BigInt(whole + places) + scale) / (2n * scale)
  return cents < 100_000_000n ? Number(cents) : undefined
}

/** The plain decimal that JavaScript prints for a number, without an exponent. */
function decimalOf(number: number): string {
  const [digits = '', exponent = '0'] = String(number).split('e')
  const [whole = '', places = ''] = digits.split('.')
  const move = Number(exponent)
  if (move >= 0) return `${whole}${places.padEnd(move, '0').slice(0, move)}.${places.slice(move)}`
  return `0.${'0'.repeat(-move - 1)}${whole}${places}`
}

const NUMBERS: readonly (readonly [number, number | undefined])[] = [
  [0, 0],
  [-0, 0],
  [5.99, 599],
  [0.005, 1],
  [0.0049999999, 0],
  [1.005, 101],
  [1.004999999999999, 100],
  [1.255, 126],
  [8.575, 858],
  [10.075, 1008],
  [2.675, 268],
  [1e-7, 0],
  [5e-324, 0],
  [0.1 + 0.2, 30],
  [100, 10000],
  [999999.99, 99999999],
  [999999.994, 99999999],
  [999999.995, undefined],
  [999999.999, undefined],
  [1_000_000, undefined],
  [1e21, undefined],
  [Number.MAX_VALUE, undefined],
  [Number.POSITIVE_INFINITY, undefined],
  [Number.NEGATIVE_INFINITY, undefined],
  [Number.NaN, undefined],
  [-0.001, undefined],
  [-5.99, undefined],
]

const TEXTS: readonly (readonly [string, number | undefined])[] = [
  ['5.99', 599],
  ['5', 500],
  ['0', 0],
  ['0.0', 0],
  ['0005.990', 599],
  ['1.005', 101],
  ['1.00499999999999999999999999999999', 100],
  ['999999.99', 99999999],
  ['999999.994999', 99999999],
  ['999999.995', undefined],
  ['999999.9999999999999999', undefined],
  ['99999999999999999999', undefined],
  ['1'.repeat(10_000), undefined],
  [`0.${'0'.repeat(40)}1`, undefined],
  ['', undefined],
  [' 5.99', undefined],
  ['5.99\n', undefined],
  ['5.', undefined],
  ['.5', undefined],
  ['5,99', undefined],
  ['1,000.00', undefined],
  ['$5.99', undefined],
  ['+5.99', undefined],
  ['-5.99', undefined],
  ['-0', undefined],
  ['5e2', undefined],
  ['0x10', undefined],
  ['5.9.9', undefined],
  ['NaN', undefined],
  ['Infinity', undefined],
  ['five', undefined],
  ['٥.٩٩', undefined],
]

for (const [price, cents] of [...NUMBERS, ...TEXTS])
  test(`the price ${typeof price === 'string' ? JSON.stringify(price.slice(0, 40)) : Object.is(price, -0) ? '-0' : price} is ${cents ?? 'no price'}`, () => {
    assert.ok(Object.is(centsOf(price), cents), `it is ${centsOf(price)}`)
  })

const PRICE = fc.oneof(
  fc.double({ min: 0, max: 1_000_000, noNaN: true }),
  // Decimals of up to four places lie where rounding decides.
  fc.tuple(fc.nat(1_000_000), fc.nat(4)).map(([digits, places]) => digits / 10 ** places),
  fc.nat(200_000_000).map((halves) => halves / 200),
)

test('a number is rounded half up on its decimal text, never by its binary value', () => {
  fc.assert(
    fc.property(PRICE, (price) => {
      assert.equal(centsOf(price), price < 1_000_000 ? exact(decimalOf(price)) : undefined)
    }),
    { numRuns: 50_000 },
  )
})

test('a numeric text is rounded half up, with any number of places up to forty', () => {
  const digits = (most: number) => fc.stringMatching(new RegExp(`^\\d{1,${most}}$`))
  fc.assert(
    fc.property(digits(8), fc.option(digits(40)), (whole, places) => {
      const text = places === null ? whole : `${whole}.${places}`
      assert.equal(centsOf(text), exact(text))
    }),
    { numRuns: 10_000 },
  )
})

test('a number outside the range is no price', () => {
  fc.assert(
    fc.property(fc.double(), (price) => {
      fc.pre(!(price >= 0 && price < 999_999.995))
      assert.equal(centsOf(price), undefined)
    }),
  )
})

test('every price of whole cents comes back as it was', () => {
  for (let cents = 0; cents < 100_000_000; cents += 9973) {
    assert.equal(centsOf(cents / 100), cents)
    assert.equal(centsOf((cents / 100).toFixed(2)), cents)
  }
})
