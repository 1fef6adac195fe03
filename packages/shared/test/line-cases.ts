/** Every kind of odd line and file and its one answer. row.test.ts holds the reader to it, and docs/rows.md prints it. */
import type { RejectCode } from '../row.ts'
import { type Answer, GOOD_LINE, lineWith, METADATA, PRODUCT } from './good-row.ts'

const AS_IT_IS: Answer = { loads: {} }
const WITH_X: Answer = { loads: { ignored: ['x'] } }
const OF_COMPANY = { storeCode: 'aldi', storeKey: 'aldi', storeName: 'aldi' } as const
const SOLD_OUT = { isAvailable: false, priceCents: null } as const

function without(line: string, ...fields: string[]): string {
  const row = JSON.parse(line)
  for (const field of fields) for (const parent of [row.product, row.metadata]) delete parent[field]
  return JSON.stringify(row)
}

export type LineCase = Readonly<{ what: string; line: Buffer | string; answer: Answer }>

function nested(levels: number): string {
  // The row and its product are two of them.
  return lineWith('product.x', '['.repeat(levels - 2) + ']'.repeat(levels - 2))
}

function keyed(keys: number): string {
  const others = Object.keys(PRODUCT).length + Object.keys(METADATA).length + 3
  const members = Array.from({ length: keys - others }, (_, index) => `"k${index}": 1`)
  return lineWith('product.x', `{${members.join(', ')}}`)
}

function bytes(...parts: (string | readonly number[])[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))
}

const [BEFORE = '', AFTER = ''] = GOOD_LINE.split('Rolled Oats')

/** The line as a whole is odd. */
export const LINE_CASES: readonly LineCase[] = [
  { what: 'an unknown field, or many', line: lineWith('product.x', '{"y": [1, 2, 3]}'), answer: WITH_X },
  {
    what: 'no `store_id` and no `store_name`: the company is the store',
    line: without(GOOD_LINE, 'store_id', 'store_name'),
    answer: { loads: OF_COMPANY },
  },
  {
    what: 'no `store_name`, and a `store_id` that is none',
    line: without(lineWith('metadata.store_id', 'true'), 'store_name'),
    answer: 'field_type',
  },
  {
    what: 'no `company`, only a `company_name`: that is the company',
    line: without(GOOD_LINE, 'company'),
    answer: { loads: { company: 'ALDI' } },
  },
  {
    what: 'neither `company` nor `company_name`',
    line: without(GOOD_LINE, 'company', 'company_name'),
    answer: 'field_missing',
  },
  {
    what: 'no price, and `is_available` false',
    line: without(lineWith('product.is_available', 'false'), 'price_current'),
    answer: { loads: SOLD_OUT },
  },
  {
    what: 'no price, and `is_available` not there',
    line: without(GOOD_LINE, 'price_current', 'is_available'),
    answer: 'field_missing',
  },
  {
    what: 'the words NaN and Infinity in a text',
    line: lineWith('product.name', '"NaN, Infinity \\" NaN"'),
    answer: { loads: { name: 'NaN, Infinity " NaN' } },
  },
  { what: 'NaN as the name of a member', line: lineWith('product.x', '1, NaN: 2'), answer: 'not_json' },
  {
    what: 'a key twice: the last counts',
    line: lineWith('product.x', '1, "name": "Last"'),
    answer: { loads: { name: 'Last', ignored: ['x'] } },
  },
  {
    what: 'a key twice, the last one wrong',
    line: lineWith('product.x', '1, "price_current": null'),
    answer: 'field_missing',
  },
  { what: '`product` twice: the last counts', line: `{"product": 1, ${GOOD_LINE.slice(1)}`, answer: AS_IT_IS },
  { what: '`__proto__` beside `product`', line: `{"__proto__": {}, ${GOOD_LINE.slice(1)}`, answer: 'key_forbidden' },
  {
    what: '`__proto__` deep in an unknown field',
    line: lineWith('product.x', '{"__proto__": {"name": 1}}'),
    answer: WITH_X,
  },
  { what: 'an empty object', line: '{}', answer: 'not_a_row' },
  { what: 'a list', line: `[${GOOD_LINE}]`, answer: 'not_a_row' },
  { what: '`null`', line: 'null', answer: 'not_a_row' },
  { what: 'a number', line: '5', answer: 'not_a_row' },
  { what: 'a text', line: '"product"', answer: 'not_a_row' },
  { what: '`product` a list', line: '{"product": [], "metadata": {}}', answer: 'not_a_row' },
  { what: '`metadata` null', line: '{"product": {}, "metadata": null}', answer: 'not_a_row' },
  { what: 'a product without metadata', line: '{"product": {}}', answer: 'not_a_row' },
  { what: 'words', line: 'Rolled Oats, 5.99', answer: 'not_json' },
  { what: 'half a row', line: GOOD_LINE.slice(0, 100), answer: 'not_json' },
  { what: 'two rows on one line', line: GOOD_LINE + GOOD_LINE, answer: 'not_json' },
  { what: 'a row and a comma', line: `${GOOD_LINE},`, answer: 'not_json' },
  { what: 'single quotes', line: GOOD_LINE.replaceAll('"', "'"), answer: 'not_json' },
  { what: 'a comment', line: `${GOOD_LINE} // oats`, answer: 'not_json' },
  { what: 'a tab inside a text, not escaped', line: `${BEFORE}a\tb${AFTER}`, answer: 'not_json' },
  { what: 'a byte 0x00 inside a text', line: `${BEFORE}a\0b${AFTER}`, answer: 'not_json' },
  { what: 'a byte order mark that is not at the start of the file', line: `\ufeff${GOOD_LINE}`, answer: 'not_json' },
  { what: 'white space around the row', line: ` \t${GOOD_LINE} \r`, answer: AS_IT_IS },
  {
    what: 'U+2028 inside a text, not escaped',
    line: `${BEFORE}a\u2028b${AFTER}`,
    answer: { loads: { name: 'a\u2028b' } },
  },
  { what: 'a byte that is no UTF-8', line: bytes(BEFORE, [0xff], AFTER), answer: 'not_utf8' },
  { what: 'a text in Latin-1', line: bytes(BEFORE, [0x63, 0x61, 0x66, 0xe9], AFTER), answer: 'not_utf8' },
  { what: 'half a character of UTF-8', line: bytes(BEFORE, [0xe9, 0xa3], AFTER), answer: 'not_utf8' },
  { what: 'an overlong character', line: bytes(BEFORE, [0xc0, 0xaf], AFTER), answer: 'not_utf8' },
  { what: 'half a surrogate pair as bytes', line: bytes(BEFORE, [0xed, 0xa0, 0x80], AFTER), answer: 'not_utf8' },
  { what: 'a row in UTF-16', line: Buffer.from(GOOD_LINE, 'utf16le'), answer: 'not_json' },
  { what: '64 levels of nesting', line: nested(64), answer: WITH_X },
  { what: '65 levels of nesting', line: nested(65), answer: 'too_nested' },
  { what: '10,000 levels of nesting', line: nested(10_000), answer: 'too_nested' },
  { what: '10,000 levels that never close', line: '{"product":'.repeat(10_000), answer: 'too_nested' },
  { what: 'a hundred brackets inside a text', line: lineWith('product.x', `"${'{['.repeat(50)}"`), answer: WITH_X },
  { what: '1,000 keys', line: keyed(1000), answer: WITH_X },
  { what: '1,001 keys', line: keyed(1001), answer: 'too_many_keys' },
  {
    what: 'one key 1,100 times',
    line: lineWith('product.x', `{${Array(1100).fill('"":1')}}`),
    answer: 'too_many_keys',
  },
  {
    what: 'a number of 100,000 digits in an unknown field',
    line: lineWith('product.x', '1'.repeat(100_000)),
    answer: WITH_X,
  },
]

/** What happens to a line of a file: it loads, is blank and no row at all, or is rejected. */
export type Fate = 'loaded' | 'blank' | RejectCode | 'line_too_long'

export type FileCase = Readonly<{ what: string; file: Buffer; fates: readonly Fate[] }>

/** How the lines of a file end, and what may stand around them. */
export const FILE_CASES: readonly FileCase[] = [
  { what: 'an empty file', file: bytes(''), fates: [] },
  { what: 'no newline at the end', file: bytes(`${GOOD_LINE}\n${GOOD_LINE}`), fates: ['loaded', 'loaded'] },
  { what: 'lines that end with CR LF', file: bytes(`${GOOD_LINE}\r\n${GOOD_LINE}\r\n`), fates: ['loaded', 'loaded'] },
  { what: 'lines that end with CR only', file: bytes(`${GOOD_LINE}\r${GOOD_LINE}\r`), fates: ['not_json'] },
  { what: 'a byte order mark at the start', file: bytes(`\ufeff${GOOD_LINE}\n`), fates: ['loaded'] },
  {
    what: 'a byte order mark before another line',
    file: bytes(`${GOOD_LINE}\n\ufeff${GOOD_LINE}\n`),
    fates: ['loaded', 'not_json'],
  },
  { what: 'only a byte order mark', file: bytes('\ufeff'), fates: ['blank'] },
  {
    what: 'blank lines, or lines of spaces and tabs',
    file: bytes(`\n${GOOD_LINE}\n\r\n \t\n${GOOD_LINE}\n\n`),
    fates: ['blank', 'loaded', 'blank', 'blank', 'loaded', 'blank'],
  },
  { what: 'a line of a no-break space', file: bytes('\u00a0\n'), fates: ['not_json'] },
  { what: 'U+2028 between two rows', file: bytes(`${GOOD_LINE}\u2028${GOOD_LINE}\n`), fates: ['not_json'] },
  {
    what: 'a line of 5 MB in the middle',
    file: bytes(`${GOOD_LINE}\n${lineWith('product.x', `"${'x'.repeat(5_000_000)}"`)}\n${GOOD_LINE}\n`),
    fates: ['loaded', 'line_too_long', 'loaded'],
  },
  {
    what: 'bytes that are no text in the middle',
    file: bytes(`${GOOD_LINE}\n`, [0x1f, 0x8b, 0x08, 0x00, 0xff], `\n${GOOD_LINE}\n`),
    fates: ['loaded', 'not_utf8', 'loaded'],
  },
]
