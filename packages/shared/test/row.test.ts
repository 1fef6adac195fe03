/** Rows: every odd one has its one answer (field-cases.ts, line-cases.ts), and nothing that is in a line makes the reader throw or stall. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import fc from '../../../test/properties.ts'
import { computing } from '../../../test/times.ts'
import { isDate } from '../date.ts'
import { isBlank, readLines } from '../lines.ts'
import { duplicateKeyOf, isRejection, READER_VERSION, type Row, readParsedRow, readRow } from '../row.ts'
import { DETAILS } from '../row-details.ts'
import { DAY_MS } from '../time.ts'
import { FIELD_CASES } from './field-cases.ts'
import { type Answer, GOOD_LINE, GOOD_ROW, lineWith } from './good-row.ts'
import { type Fate, FILE_CASES, LINE_CASES } from './line-cases.ts'

/** The member of a row that a field of the line is read into, and what it is when the field is dropped. */
const DROPPED: Readonly<Record<string, Partial<Row>>> = {
  store_id: { storeCode: GOOD_ROW.storeName, storeKey: GOOD_ROW.storeName },
  store_name: { storeName: GOOD_ROW.storeCode },
  company_name: { companyName: null },
  state: { state: null },
  scraped_at: { scrapedAt: null },
  sku: { sku: null },
  brand: { brand: null },
  size: { size: null },
  url: { url: null },
  image_url: { imageUrl: null, pictureUrl: null },
  barcode: { barcode: null },
  category_path: { categoryPath: [] },
  price_was: { wasPriceCents: null },
  is_on_special: { isOnSpecial: null },
  is_available: { isAvailable: null },
}

// No reason says a value that is not there.
const NO_VALUE = /\bundefined\b/

function check(line: Buffer | string, answer: Answer, field?: string): void {
  const result = readRow(Buffer.from(line))
  if (answer === 'dropped' || answer === 'marked') {
    const name = field?.split('.')[1] ?? ''
    assert.ok(!isRejection(result))
    const { warnings, ...row } = result
    const { warnings: _, ...good } = GOOD_ROW
    assert.deepEqual(row, { ...good, ...(answer === 'marked' ? { ignored: [name] } : DROPPED[name]) })
    assert.deepEqual(
      warnings.map((warning) => warning.field),
      [field],
    )
    assert.ok(warnings[0]!.reason.length > 4)
    assert.doesNotMatch(warnings[0]!.reason, NO_VALUE)
  } else if (typeof answer === 'object') assert.deepEqual(result, { ...GOOD_ROW, ...answer.loads })
  else {
    assert.ok(isRejection(result), 'it is loaded')
    assert.equal(result.code, answer)
    assert.ok(result.reason.length > 10)
    assert.doesNotMatch(result.reason, NO_VALUE)
    if (answer.startsWith('field_') && field !== undefined) {
      assert.equal(result.field, field)
      assert.ok(result.reason.startsWith(field))
    }
  }
}

test('the good row is read as it should be', () => {
  assert.deepEqual(readRow(Buffer.from(GOOD_LINE)), GOOD_ROW)
})

for (const { field, values, answer } of FIELD_CASES)
  for (const value of values) {
    const shown = typeof value === 'object' ? value.shown : (value ?? 'missing')
    const then = typeof answer === 'object' ? 'is loaded' : answer
    test(`${field} ${shown}: ${then}`, () => check(lineWith(field, value), answer, field))
  }

for (const { what, line, answer } of LINE_CASES)
  test(`a line with ${what}: ${typeof answer === 'object' ? 'is loaded' : answer}`, () => check(line, answer))

for (const { what, file, fates } of FILE_CASES)
  test(`a file with ${what}: ${fates.join(', ') || 'no rows'}`, async () => {
    const found: Fate[] = []
    for await (const lines of readLines(chunks(file)))
      for (const { bytes, number, tooLong } of lines) {
        found.push(tooLong ? 'line_too_long' : isBlank(bytes) ? 'blank' : fateOf(bytes))
        assert.equal(number, found.length)
      }
    assert.deepEqual(found, fates)
  })

function* chunks(file: Buffer): Generator<Buffer> {
  for (let at = 0; at < file.length; at += 65536) yield file.subarray(at, at + 65536)
}

function fateOf(bytes: Buffer): Fate {
  const result = readRow(bytes)
  return isRejection(result) ? result.code : 'loaded'
}

test('reading a row changes no prototype', () => {
  const before = Object.getOwnPropertyNames(Object.prototype).sort()
  for (const { line } of LINE_CASES) readRow(Buffer.from(line))
  for (const { field, values } of FIELD_CASES) for (const value of values) readRow(Buffer.from(lineWith(field, value)))
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype).sort(), before)
})

test('several odd fields are each counted once', () => {
  const line = GOOD_LINE.replace('"Mill"', '5').replace('6.49', '-1').replaceAll('true', '"yes"')
  const row = readRow(Buffer.from(line)) as Row
  assert.deepEqual(
    row.warnings.map(({ field }) => field).toSorted(),
    ['brand', 'is_available', 'is_on_special', 'price_was'].map((name) => `product.${name}`),
  )
})

test('any bytes are read or refused, never thrown at', () => {
  const bytes = fc.oneof(fc.uint8Array(), fc.string({ unit: 'binary' }).map(Buffer.from), fc.json().map(Buffer.from))
  fc.assert(
    fc.property(bytes, (line) => {
      assert.ok(isRejection(readRow(Buffer.from(line))))
    }),
    { numRuns: 1000 },
  )
})

test('a row with any one byte changed or cut off is read or refused, never thrown at', () => {
  const good = Buffer.from(GOOD_LINE)
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.boolean(), (at, byte, isCut) => {
      const line = Buffer.from(isCut ? good.subarray(0, at) : good)
      if (!isCut) line[at] = byte
      const result = readRow(line)
      if (isCut) assert.ok(isRejection(result))
    }),
    { numRuns: 5000 },
  )
})

test('any value in place of any field is read or refused, and what is read is within its limits', () => {
  const fields = [...new Set(FIELD_CASES.map(({ field }) => field))]
  fc.assert(
    fc.property(fc.constantFrom(...fields), fc.jsonValue(), (field, value) => {
      const result = readRow(Buffer.from(lineWith(field, JSON.stringify(value))))
      if (isRejection(result)) return
      const { priceCents: cents } = result
      assert.ok(
        cents === null ? result.isAvailable === false : Number.isSafeInteger(cents) && cents >= 0 && cents < 1e8,
      )
      assert.ok(isDate(result.date))
      assert.ok(result.name.trim() !== '' && result.name.isWellFormed() && !result.name.includes('\0'))
    }),
    { numRuns: 5000 },
  )
})

test('the order of keys and the space between them change nothing', () => {
  const shuffled = (value: unknown): fc.Arbitrary<unknown> =>
    typeof value !== 'object' || value === null || Array.isArray(value)
      ? fc.constant(value)
      : fc
          .shuffledSubarray(Object.keys(value), { minLength: Object.keys(value).length })
          .chain((keys) =>
            fc.tuple(...keys.map((key) => shuffled(value[key as never]).map((inner) => [key, inner] as const))),
          )
          .map((members) => Object.fromEntries(members))
  fc.assert(
    fc.property(shuffled(JSON.parse(GOOD_LINE)), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
      assert.deepEqual(readRow(Buffer.from(JSON.stringify(value, null, space).replaceAll('\n', ' '))), GOOD_ROW)
    }),
    { numRuns: 200 },
  )
})

test('a date is one of the calendar from 1900 on, and nothing else', () => {
  for (let day = Date.UTC(1900, 0, 1); day < Date.UTC(2110, 0, 1); day += DAY_MS)
    assert.ok(isDate(new Date(day).toISOString().slice(0, 10)))
  let dates = 0
  for (let month = 0; month <= 13; month++)
    for (let day = 0; day <= 32; day++)
      for (const year of [1900, 2000, 2023, 2024])
        if (isDate(`${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`)) dates++
  assert.equal(dates, 365 + 366 + 365 + 366)
  for (const text of ['', '2025-09-23\n', '2025-09-2', '٢٠٢٥-٠٩-٢٣', '1899-12-31', '0000-01-01'])
    assert.equal(isDate(text), false)
})

test('a listing is told by its SKU, or without one by its key, in a store on a date', () => {
  const withoutSku = { ...GOOD_ROW, sku: null }
  const same = [
    [GOOD_ROW, { ...GOOD_ROW, key: 'renamed', priceCents: 1, storeName: 'other' }],
    [withoutSku, { ...withoutSku, name: 'Renamed', barcode: null }],
  ] as const
  for (const [one, other] of same) assert.equal(duplicateKeyOf(one), duplicateKeyOf(other))
  const different = [
    GOOD_ROW,
    withoutSku,
    { ...withoutSku, key: 'other' },
    { ...withoutSku, key: '1234' },
    { ...GOOD_ROW, sku: '12345' },
    { ...GOOD_ROW, company: 'iga', companyKey: 'iga' },
    { ...GOOD_ROW, storeCode: 'G701', storeKey: 'g701' },
    { ...GOOD_ROW, date: '2025-09-24' },
  ]
  assert.equal(new Set(different.map(duplicateKeyOf)).size, different.length)
})

test('a row that is parsed already is read the same', () => {
  assert.deepEqual(readParsedRow(JSON.parse(GOOD_LINE)), GOOD_ROW)
})

test('lines made to be slow are answered in a moment', () => {
  const hostile = [
    ...LINE_CASES.map(({ line }) => Buffer.from(line)),
    Buffer.from(lineWith('product.x', `{${Array.from({ length: 60_000 }, (_, index) => `"${index}":1`)}}`)),
    Buffer.from(lineWith('product.name', `"${'\\u0041'.repeat(150_000)}"`)),
    Buffer.from(lineWith('product.price_current', `"${'1'.repeat(1_000_000)}"`)),
    Buffer.from('['.repeat(1_000_000)),
    Buffer.from(`"${'\\'.repeat(1_000_001)}`),
  ]
  for (const line of hostile) {
    const computed = computing()
    readRow(line)
    const ms = computed()
    assert.ok(ms < 250, `${line.subarray(0, 40)} took ${ms} ms`)
  }
})

test('what is kept of a row has a number, by which loads of an older version are known', () => {
  const kept = hash('sha256', JSON.stringify([Object.keys(GOOD_ROW).sort(), DETAILS]))
  assert.deepEqual([READER_VERSION, kept.slice(0, 8)], [1, 'ff4b060d'], 'raise READER_VERSION, and note both here')
})
