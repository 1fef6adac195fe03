/** A line that is read in two parts says what it says as a whole, and a fingerprint stands for what it says but for the date. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isRejection, readRow } from '@splitcart/shared/row.ts'
import { type Fingerprint, LineParts, readHead } from '../update-db/line-parts.ts'

const PRODUCT = '"sku":"1","name":"Oats","normalized_name_brand_size":"oats","price_current":1.5'
const METADATA = '"company":"aldi","store_id":"G700"'
const CORPUS = new URL('../../../fuzz/corpus/row/', import.meta.url)

function lineOf(product: string, metadata: string, date = '2025-09-23'): string {
  return `{"product": {${PRODUCT}${product}}, "metadata": {${METADATA}${metadata}, "scraped_date": "${date}"}}`
}

/** What the parts of a line say together, or undefined when it has none. */
function readParts(line: string, parts = new LineParts()) {
  const bytes = Buffer.from(line)
  const tail = parts.tailOf(bytes)
  const product = tail && readHead(bytes.subarray(0, bytes.length - tail.bytes.length))
  if (tail === undefined || product === undefined) return undefined
  return { ...tail.metadata, ...product, ignored: [...product.ignored, ...tail.ignored] }
}

function fingerprintOf(line: string): Fingerprint {
  const parts = new LineParts()
  const bytes = Buffer.from(line)
  const tail = parts.tailOf(bytes)
  assert.ok(tail)
  const fingerprint = parts.fingerprintOf(bytes.subarray(0, bytes.length - tail.bytes.length))
  assert.equal(bytes.toString(), line, 'the line is left as it was')
  return fingerprint
}

// Where the end of a line is not what it seems, or its parts depend on each other.
const ODD = [
  lineOf('', ''),
  lineOf(',"barcode":"no barcode"', ''),
  lineOf('', ',"state":5'),
  lineOf(',"description":"a \\"metadata\\": {"', ''),
  lineOf(',"description":"a, \\"metadata\\": {}}"', ''),
  lineOf(',"more":{"a":1}, "metadata": {"company":"other"}', ''),
  lineOf('', ',"metadata": {"company":"x","store_id":"y","scraped_date":"2025-09-23"}'),
  lineOf(',"__proto__":{}', ''),
  lineOf('', ',"__proto__":{}'),
  `{"__proto__": {}, ${lineOf('', '').slice(1)}`,
  `{"metadata": {${METADATA}, "scraped_date": "2025-09-23"}, "product": {${PRODUCT}}}`,
  `{"product": {${PRODUCT}}, "metadata": {}, "metadata": {${METADATA}, "scraped_date": "2025-09-23"}}`,
  `{"product": {}, "product": {${PRODUCT}}, "metadata": {${METADATA}, "scraped_date": "2025-09-23"}}`,
  `{"product": {${PRODUCT}}, "metadata": {${METADATA}, "scraped_date": "2025-09-23"}, "product": {}}`,
  `[{"product": {${PRODUCT}}, "metadata": {${METADATA}, "scraped_date": "2025-09-23"}}]`,
  `{"product": {${PRODUCT}, "x": {"y": 1}, "metadata": {${METADATA}, "scraped_date": "2025-09-23"}}}`,
  `{"product": {${PRODUCT}} "metadata": {${METADATA}, "scraped_date": "2025-09-23"}}`,
  `{"product": {${PRODUCT}},, "metadata": {${METADATA}, "scraped_date": "2025-09-23"}}`,
  `{, "metadata": {${METADATA}, "scraped_date": "2025-09-23"}}`,
  `, "metadata": {${METADATA}, "scraped_date": "2025-09-23"}}`,
  `{"product": {${PRODUCT}, "name": "cut, "metadata": {${METADATA}, "scraped_date": "2025-09-23"}}`,
  `{"product": {${PRODUCT}, "name": "cut\\, "metadata": {${METADATA}, "scraped_date": "2025-09-23"}}`,
  `${lineOf('', '')}\r`,
  `${lineOf('', '')} `,
  lineOf(`,"deep":${'['.repeat(70)}${']'.repeat(70)}`, ''),
  lineOf('', `,"deep":${'['.repeat(70)}${']'.repeat(70)}`),
  lineOf(`,"deep":${'['.repeat(40)}${']'.repeat(40)}`, ''),
  lineOf(`,"keys":{${Array.from({ length: 1100 }, (_, key) => `"${key}":1`).join()}}`, ''),
]

test('a line that is read in two parts says what it says as a whole', () => {
  const lines = [...ODD, ...readdirSync(CORPUS).map((name) => readFileSync(new URL(name, CORPUS), 'utf8'))]
  let inParts = 0
  // The parts of one line after the other, as they come in a file: what is remembered must not mislead.
  const parts = new LineParts()
  for (const line of [...lines, ...lines.toReversed()]) {
    const found = readParts(line, parts)
    if (found === undefined) continue
    inParts++
    const whole = readRow(Buffer.from(line))
    assert.ok(!isRejection(whole), line)
    assert.deepEqual({ ...found }, { ...whole }, line)
  }
  assert.ok(inParts > 10, `only ${inParts} lines have parts`)
})

test('lines of one product that differ only in their dates have one fingerprint', () => {
  const on = (date: string) => lineOf(`,"scraped_date":"${date}"`, '', date)
  assert.deepEqual(fingerprintOf(on('2025-09-23')), fingerprintOf(on('2025-09-24')))
  const spaced = (date: string) => lineOf(`, "scraped_date": "${date}", "z": 1`, '', date)
  assert.deepEqual(fingerprintOf(spaced('2025-09-23')), fingerprintOf(spaced('2025-09-24')))
  assert.deepEqual(
    fingerprintOf(lineOf('', '', '2025-09-23')),
    fingerprintOf(lineOf('', ',"state":"qld"', '2025-09-24')),
  )
})

test('a date that is part of what a product says counts', () => {
  const named = (date: string) => lineOf(`,"description":"best before ${date}"`, '', date)
  assert.notDeepEqual(fingerprintOf(named('2025-09-23')), fingerprintOf(named('2025-09-24')))
  const escaped = (date: string) => lineOf(`,"description":"\\"scraped_date\\":\\"${date}\\""`, '', date)
  assert.notDeepEqual(fingerprintOf(escaped('2025-09-23')), fingerprintOf(escaped('2025-09-24')))
  const other = (price: string) => lineOf(`,"price_was":${price}`, '')
  assert.notDeepEqual(fingerprintOf(other('2')), fingerprintOf(other('2.5')))
})
