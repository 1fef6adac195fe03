/** Barcodes are GTINs by the rules of GS1, and nothing else joins. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gtinOf, reachOf } from '../catalogue/model/gtin.ts'
import { Chance } from './random.ts'

function checkDigitOf(digits: string): string {
  const sum = [...digits].reverse().reduce((total, digit, at) => total + Number(digit) * (at % 2 === 0 ? 3 : 1), 0)
  return String((10 - (sum % 10)) % 10)
}

test('the spellings of one GTIN are one: with and without zeros in front, as a number, with spaces and hyphens', () => {
  for (const text of [
    '036000291452',
    '0036000291452',
    '00036000291452',
    '36000291452',
    '0 36000 29145 2',
    '036000-291452',
  ])
    assert.equal(gtinOf(text), '00036000291452', text)
  assert.equal(gtinOf('96385074'), '00000096385074')
})

test('another length, a wrong check digit, and what is no number is no GTIN', () => {
  for (const text of [
    '0210034',
    '123456',
    '930060000001',
    '036000291453',
    '9300600000014',
    '0000000000000',
    '',
    'n/a',
    '93006000000131x',
    '930060000001300',
  ])
    assert.equal(gtinOf(text), undefined, text)
})

test('of ten thousand random codes exactly those with the right check digit are GTINs', () => {
  const chance = new Chance(1)
  for (let time = 0; time < 10_000; time++) {
    const digits = Array.from({ length: chance.of([7, 11, 12, 13]) }, () => chance.between(0, 9)).join('')
    const last = String(chance.between(0, 9))
    const isRight = last === checkDigitOf(digits) && !/^0*$/.test(digits)
    assert.equal(gtinOf(digits + last), isRight ? (digits + last).padStart(14, '0') : undefined, digits + last)
  }
})

test('a code of restricted circulation joins within a company; coupons and placeholders join nothing', () => {
  const reach = (digits: string) => reachOf(gtinOf(digits + checkDigitOf(digits))!)
  for (const digits of ['930060000001', '03600029145', '978014103614', '9638507', '1930060000001'])
    assert.equal(reach(digits), 'all', digits)
  for (const digits of [
    '200001200000',
    '020001200000',
    '29999999999',
    '041234500000',
    '040000000013',
    '2012345',
    '0193456',
    '2000123',
  ])
    assert.equal(reach(digits), 'company', digits)
  for (const digits of [
    '991234500000',
    '981234500000',
    '054321000000',
    '111111111111',
    '999999999999',
    '123456789012',
    '1234567',
    '98765432109',
    '000000000001',
  ])
    assert.equal(reach(digits), 'none', digits)
})
