/** Sizes and unit prices as shops write them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packSizeOf } from '../catalogue/model/pack-size.ts'
import { parseShopUnitPrice, pricedSizeOf, unitPriceAmountText, unitPriceOf } from '../catalogue/model/unit-price.ts'
import { REAL_FILES_MISSING, realFiles } from './real-files.ts'

const SIZES: readonly (readonly [string, number, string, number, boolean?])[] = [
  ['500g', 500, 'g', 1],
  ['1.25 kg', 1250, 'g', 1],
  ['2,000 ml', 2000, 'ml', 1],
  ['1,5 L', 1500, 'ml', 1],
  ['0,750 kg', 750, 'g', 1],
  ['6 x 1.5 L', 9000, 'ml', 6],
  ['6x1.5L', 9000, 'ml', 6],
  ['375mL x 10', 3750, 'ml', 10],
  ['10 pack 375 ml', 3750, 'ml', 10],
  ['250 ml 6pk', 1500, 'ml', 6],
  ['12pk', 12, 'each', 12],
  ['ea', 1, 'each', 1],
  ['Each', 1, 'each', 1],
  ['100 sheets', 100, 'each', 100],
  ['60m', 60, 'm', 1],
  ['75cl', 750, 'ml', 1],
  ['250G', 250, 'g', 1],
  ['approx. 60g each', 60, 'g', 1, false],
  ['approx. 1.1 kg per package', 1100, 'g', 1, false],
  ['4 x approx. 60 g', 240, 'g', 4, false],
  ['500-600 g', 600, 'g', 1, false],
  ['16 oz', 453.592, 'g', 1, false],
  ['12 fl oz', 354.882, 'ml', 1, false],
  ['Oats 750g', 750, 'g', 1],
]

test('a size is read to its amount, its pieces, and whether it is exact', () => {
  for (const [text, amount, unit, count, isExact = true] of SIZES)
    assert.deepEqual(packSizeOf(text), { amount, unit, count, isExact }, text)
  for (const text of ['', 'Large', 'Vitamin B12', '0 g', 'Formula 1', 'Size 3', '4K TV'])
    assert.equal(packSizeOf(text), undefined, text)
})

test('a unit price is that of 100 g, 100 ml, a metre or a piece, a half cent rounded up', () => {
  const priced = (cents: number, text: string) => {
    const price = unitPriceOf(cents, packSizeOf(text)!)
    return `${price.cents} per ${unitPriceAmountText(price)}`
  }
  assert.equal(priced(599, '2 kg'), '30 per 100 g')
  assert.equal(priced(325, '30m'), '11 per 1 m')
  assert.equal(priced(1150, '10 x 375 ml'), '31 per 100 ml')
  assert.equal(priced(105, '2 pk'), '53 per each')
  assert.equal(priced(29, '200 g'), '15 per 100 g')
})

test('a shop\'s own text is read, decides where size and name disagree, and tells how many "each" are', () => {
  assert.deepEqual(parseShopUnitPrice('$11.40 per 1 kg'), { cents: 1140, amount: 1000, unit: 'g' })
  assert.deepEqual(parseShopUnitPrice('$0.45/100g'), { cents: 45, amount: 100, unit: 'g' })
  assert.deepEqual(parseShopUnitPrice('$5.50/kg'), { cents: 550, amount: 1000, unit: 'g' })
  assert.deepEqual(parseShopUnitPrice('$0.05 each'), { cents: 5, amount: 1, unit: 'each' })
  assert.equal(parseShopUnitPrice('cheap'), undefined)
  const amountOf = (name: string, size: string | null, told: string | null, priceCents: number) =>
    pricedSizeOf({ name, size, unitPriceText: told, priceCents })?.amount
  assert.equal(amountOf('Smoky Rub 20g', '10 g', '$8.75 per 10 g', 1750), 20)
  assert.equal(amountOf('Sweetener Tablets', 'Each', '$0.05 each', 250), 50)
  assert.equal(amountOf('Lamb Leg', 'approx. 1.9 kg per package', null, 1799), 1000)
  assert.equal(amountOf('Rye Crackers 125g', null, null, 300), 125)
})

test('of the real rows with a unit price of their shop at least 99 in 100 are equal to the cent', {
  skip: REAL_FILES_MISSING,
}, () => {
  const classes = { equal: 0, 'another amount': 0, 'another unit': 0, unread: 0 }
  for (const { bytes } of realFiles())
    for (const line of bytes.toString().split('\n')) {
      const { product } = line === '' ? { product: {} } : JSON.parse(line)
      const { per_unit_price_string: told, price_current: price, name, size = null } = product
      if (typeof told !== 'string' || typeof price !== 'number') continue
      const [theirs, priceCents] = [parseShopUnitPrice(told), Math.round(price * 100)]
      const ours = pricedSizeOf({ name, size, unitPriceText: told, priceCents })
      if (theirs === undefined || ours === undefined) classes.unread++
      else if (theirs.unit !== ours.unit) classes['another unit']++
      else if (unitPriceOf(priceCents, ours, theirs.amount).cents === theirs.cents) classes.equal++
      else classes['another amount']++
    }
  const all = Object.values(classes).reduce((sum, count) => sum + count, 0)
  assert.ok(classes.equal >= 0.99 * all, JSON.stringify(classes))
})
