/** Recognizes a file without a single row by its first bytes, to tell the sender what to do. Pure. */
import { Buffer } from 'node:buffer'
import { isObject } from './row.ts'
import { jsonOrUndefined } from './text.ts'

const INSPECTED_BYTES = 64 * 1024

const MAGIC: readonly (readonly [name: string, bytes: readonly number[], todo: string])[] = [
  ['gzip', [0x1f, 0x8b], 'unpack it (gunzip); sent, it is compressed by itself'],
  ['a zip archive', [0x50, 0x4b, 0x03, 0x04], 'unpack it, and send the file that is in it'],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd], 'unpack it (zstd -d) and send it again'],
  ['bzip2', [0x42, 0x5a, 0x68], 'unpack it (bunzip2) and send it again'],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a], 'unpack it (unxz) and send it again'],
  ['a Parquet file', [0x50, 0x41, 0x52, 0x31], 'write it as JSON Lines: one row a line'],
  ['a SQLite database', [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65], 'write its rows as JSON Lines: one row a line'],
]

const ONE_ROW_PER_LINE = 'one row a line (JSON Lines)'

/** The sentence for a file without a row that is not recognized. */
export const NO_ROW_SENTENCE = 'Not one line of the file is a row.'

/** A sentence that says what a file without a row is and what to do; undefined if it is not recognized. */
export async function describeBeginning(bytes: AsyncIterable<Buffer>): Promise<string | undefined> {
  let beginning = Buffer.alloc(0)
  for await (const chunk of bytes) {
    beginning = Buffer.concat([beginning, chunk.subarray(0, INSPECTED_BYTES)])
    if (beginning.length >= INSPECTED_BYTES) break
  }
  return describeFile(beginning)
}

/** A sentence that says what the file is and what to do; undefined if it is not recognized. */
function describeFile(beginning: Buffer): string | undefined {
  for (const [name, bytes, todo] of MAGIC)
    if (beginning.subarray(0, bytes.length).equals(Buffer.from(bytes)))
      return `The file is ${name}, not JSON Lines: ${todo}.`
  if (isUtf16(beginning))
    return 'The file is UTF-16, not UTF-8: save it as UTF-8 (in PowerShell: Out-File -Encoding utf8) and send it again.'
  const text = beginning
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart()
  return describeText(text)
}

/** Whether the file is UTF-16: by its byte order mark, or as every other byte of ASCII text is 0. */
function isUtf16(bytes: Buffer): boolean {
  const mark = bytes.length >= 2 ? bytes.readUInt16BE(0) : 0
  if (mark === 0xfffe || mark === 0xfeff) return true
  const start = bytes.subarray(0, 64)
  const zeros = (from: number) => start.filter((byte, place) => place % 2 === from && byte === 0).length
  return start.length >= 8 && Math.max(zeros(0), zeros(1)) > start.length / 3
}

function describeText(text: string): string | undefined {
  const lines = text.split('\n').map((line) => line.trimEnd())
  const [first = ''] = lines
  if (/^<(?:!doctype|html|\?xml|head|body|!--)/i.test(text) || text.startsWith('<?'))
    return 'The file is HTML or XML, most often the page of an error or of a login in place of the data: look at what was downloaded.'
  if (text.startsWith('['))
    return `The file is one JSON array: write ${ONE_ROW_PER_LINE}, for instance with: jq -c '.[]' FILE.`
  if (text.startsWith('{')) return describeObject(lines, first)
  return isCsv(lines)
    ? `The file is CSV, not JSON Lines: write each row as an object of JSON, ${ONE_ROW_PER_LINE}.`
    : undefined
}

function describeObject(lines: readonly string[], first: string): string | undefined {
  const value = jsonOrUndefined(first)
  if (isObject(value)) return describeRow(value)
  const isIndented = /^\{/.test(first) && /^\s*["}]/.test(lines[1] ?? '')
  return isIndented
    ? `The file is JSON over several lines: write ${ONE_ROW_PER_LINE}, for instance with: jq -c '.' FILE.`
    : undefined
}

/** What a line that is a JSON object is instead of a row; undefined if it has the form of one. */
function describeRow(row: Readonly<Record<string, unknown>>): string | undefined {
  if (isObject(row.product) && isObject(row.metadata)) return undefined
  if ('_airbyte_data' in row || '_airbyte_raw_id' in row || (isObject(row.record) && 'data' in row.record))
    return 'The rows are in an envelope of Airbyte: send what is in _airbyte_data (or record.data), each as {"product": …, "metadata": …}.'
  if (row.type === 'RECORD' || row.type === 'SCHEMA')
    return 'The file is messages of Singer or Airbyte: send what is in record, each as {"product": …, "metadata": …}.'
  if (isObject(row.product)) return 'The rows have no object metadata: it says company, store and scraped_date of each.'
  if (isObject(row.metadata)) return 'The rows have no object product: it holds what is on the shelf.'
  if (FLAT_ROW_FIELDS.some((name) => name in row))
    return 'The rows are flat, as Scrapy writes them, and have no object product: each is to be {"product": {"name": …, …}, "metadata": {"company": …, "scraped_date": …}}.'
  return 'The rows are objects without product and metadata: each is to be {"product": {"name": …, …}, "metadata": {"company": …, …}}.'
}

const FLAT_ROW_FIELDS = ['name', 'title', 'price', 'price_current', 'sku', 'url', 'product_name'] as const

/**
 * Whether one separator is in the first line, and at least as often in each of the next three. A single line with a
 * space behind each comma is a sentence.
 */
function isCsv(lines: readonly string[]): boolean {
  const [head = '', ...rows] = lines.slice(0, 4).filter((line) => line !== '')
  return [',', ';', '\t', '|'].some((separator) => {
    const count = head.split(separator).length
    if (rows.length === 0 && head.includes(`${separator} `)) return false
    return count > 1 && rows.every((line) => line.split(separator).length >= count)
  })
}
