/** Every kind of odd field and its one answer. row.test.ts holds the reader to it, and docs/rows.md prints it. */
import type { Row } from '../row.ts'
import { DETAIL_CASES, PICTURE_CASES } from './detail-cases.ts'
import { ABSENT, type FieldCase, NO_TEXT, ODD_TEXT, read, repeated, text } from './odd-values.ts'

export type { FieldCase } from './odd-values.ts'

const SPACED = '"  x "'

function requiredText(field: string, member: keyof Row, most: number): FieldCase[] {
  return [
    { field, values: ABSENT, answer: 'field_missing' },
    { field, values: NO_TEXT, answer: 'field_type' },
    { field, values: [...ODD_TEXT, repeated(most + 1)], answer: 'field_value' },
    { field, values: [repeated(most)], answer: { loads: { [member]: text(most) } } },
    { field, values: [SPACED], answer: { loads: { [member]: '  x ' } } },
  ]
}

function optionalText(field: string, member: keyof Row, most: number): FieldCase[] {
  return [
    { field, values: ABSENT, answer: { loads: { [member]: null } } },
    { field, values: [...NO_TEXT, ...ODD_TEXT, repeated(most + 1)], answer: 'dropped' },
    { field, values: [repeated(most)], answer: { loads: { [member]: text(most) } } },
  ]
}

function flag(field: string, member: keyof Row): FieldCase[] {
  return [
    { field, values: [undefined, 'null'], answer: { loads: { [member]: null } } },
    { field, values: ['"true"', '1', '0', '""', '[]', '{}'], answer: 'dropped' },
    { field, values: ['false'], answer: { loads: { [member]: false } } },
  ]
}

function priced(text: string, cents: number): FieldCase {
  return { field: 'product.price_current', values: [text], answer: { loads: { priceCents: cents } } }
}

/** One field is odd, all others are right. */
export const FIELD_CASES: readonly FieldCase[] = [
  ...requiredText('product.name', 'name', 500),
  { field: 'product.name', values: [repeated(300)], answer: { loads: { name: text(300) } } },
  read('product.name', '"line\\u2028separator"', { name: 'line\u2028separator' }),
  read('product.name', '"\\ud83d\\ude00 \\u98df"', { name: '😀 食' }),
  read('product.name', '"\\u001b[31mred\\ttab"', { name: '\u001b[31mred\ttab' }),
  ...requiredText('product.normalized_name_brand_size', 'key', 500),

  { field: 'product.price_current', values: [undefined, 'null', '""', '"  "'], answer: 'field_missing' },
  { field: 'product.price_current', values: ['NaN', 'Infinity', '-Infinity'], answer: 'field_value' },
  { field: 'product.price_current', values: ['true', '[]', '[5.99]', '{}'], answer: 'field_type' },
  {
    field: 'product.price_current',
    values: ['-5.99', '-1e-9', '"-5.99"', '"-0"', '1000000', '999999.995', '1e21', '1e400', '"999999.995"'],
    answer: 'field_value',
  },
  {
    field: 'product.price_current',
    values: [
      '"NaN"',
      '"Infinity"',
      '"five"',
      '"$5.99"',
      '"5,99"',
      '"1,000.00"',
      '" 5.99"',
      '"5."',
      '".5"',
      '"5e2"',
      '"0x5"',
    ],
    answer: 'field_value',
  },
  { field: 'product.price_current', values: ['05', '.5', '5.', '+5', '-NaN', '5NaN'], answer: 'not_json' },
  priced('0', 0),
  priced('-0', 0),
  priced('5', 500),
  priced('5.99', 599),
  priced('"5.99"', 599),
  priced('"0005.990"', 599),
  priced('5.994', 599),
  priced('5.995', 600),
  priced('1.005', 101),
  priced('"1.005"', 101),
  priced('"1.00499999999999999999"', 100),
  priced('5e-1', 50),
  priced('1E2', 10000),
  priced('1e-7', 0),
  priced('1e-400', 0),
  priced('999999.99', 99999999),
  priced('999999.994', 99999999),

  { field: 'metadata.company', values: ABSENT, answer: { loads: { company: 'ALDI' } } },
  { field: 'metadata.company', values: NO_TEXT, answer: 'field_type' },
  { field: 'metadata.company', values: [...ODD_TEXT, repeated(201)], answer: 'field_value' },
  {
    field: 'metadata.company',
    values: [repeated(200)],
    answer: { loads: { company: text(200), companyKey: text(200) } },
  },
  read('metadata.company', SPACED, { company: 'x', companyKey: 'x' }),
  read('metadata.company', '" Aldi\\u00a0"', { company: 'Aldi', companyKey: 'aldi' }),
  read('metadata.company', '"Cafe\\u0301"', { company: 'Caf\u00e9', companyKey: 'caf\u00e9' }),

  { field: 'metadata.scraped_date', values: ABSENT, answer: 'field_missing' },
  { field: 'metadata.scraped_date', values: ['20250923', '1758585600', 'true', '[]', '{}'], answer: 'field_type' },
  {
    field: 'metadata.scraped_date',
    values: [
      '"2025-02-30"',
      '"2025-02-29"',
      '"1900-02-29"',
      '"2025-04-31"',
      '"2025-13-01"',
      '"2025-00-10"',
      '"2025-01-00"',
    ],
    answer: 'field_value',
  },
  {
    field: 'metadata.scraped_date',
    values: [
      '"23/09/2025"',
      '"2025-9-23"',
      '"20250923"',
      '" 2025-09-23"',
      '"2025-09-23T"',
      '"2025-09-23T25:00"',
      '"2025-09-23 about noon"',
      '"2025-02-30T10:00:00Z"',
      '"today"',
      '"1899-12-31"',
      '"+02025-09-23"',
    ],
    answer: 'field_value',
  },
  read('metadata.scraped_date', '"2024-02-29"', { date: '2024-02-29' }),
  read('metadata.scraped_date', '"2000-02-29"', { date: '2000-02-29' }),
  {
    field: 'metadata.scraped_date',
    values: [
      '"2025-09-23T10:00:00Z"',
      '"2025-09-23T23:59:00+10:00"',
      '"2025-09-23T00:30:00.123456"',
      '"2025-09-23 14:05"',
    ],
    answer: { loads: { date: '2025-09-23' } },
  },

  {
    field: 'metadata.store_id',
    values: ABSENT,
    answer: { loads: { storeCode: 'aldi store g700', storeKey: 'aldi store g700' } },
  },
  {
    field: 'metadata.store_id',
    values: ['true', '[]', '{}', '-1', '1.5', '1e300', '9007199254740993', repeated(201)],
    answer: 'dropped',
  },
  read('metadata.store_id', '700', { storeCode: '700', storeKey: '700' }),
  read('metadata.store_id', '" g700 "', { storeCode: 'g700' }),
  { field: 'metadata.store_name', values: ABSENT, answer: { loads: { storeName: 'G700' } } },
  { field: 'metadata.store_name', values: [...NO_TEXT, ...ODD_TEXT, repeated(201)], answer: 'dropped' },
  ...optionalText('metadata.company_name', 'companyName', 200),
  ...optionalText('metadata.state', 'state', 200),

  { field: 'metadata.scraped_at', values: ABSENT, answer: { loads: { scrapedAt: null } } },
  {
    field: 'metadata.scraped_at',
    values: [
      '1758600306',
      'true',
      '[]',
      '{}',
      '"2025-09-23"',
      '"2025-09-23 04:05:06Z"',
      '"2025-09-23T04:05:06"',
      '"2025-02-30T04:05:06Z"',
      '"2025-09-23T25:05:06Z"',
    ],
    answer: 'dropped',
  },
  read('metadata.scraped_at', '"2025-09-23T14:05:06+10:00"', { scrapedAt: Date.UTC(2025, 8, 23, 4, 5, 6) }),

  { field: 'product.sku', values: ABSENT, answer: { loads: { sku: null } } },
  {
    field: 'product.sku',
    values: ['0', '"0"', '"000"', '"0.0"', '"N/A"', '"n/a "', '"null"', '"None"', '"undefined"', '"-"', '"NaN"', 'NaN'],
    answer: 'dropped',
  },
  read('product.sku', '"0-1"', { sku: '0-1' }),
  read('product.sku', '"NAN0"', { sku: 'NAN0' }),
  {
    field: 'product.sku',
    values: ['true', '[]', '{}', '-1', '1.5', '9007199254740993', ...ODD_TEXT, repeated(201)],
    answer: 'dropped',
  },
  read('product.sku', '1234', { sku: '1234' }),
  read('product.sku', '"0012"', { sku: '0012' }),
  ...optionalText('product.brand', 'brand', 200),
  ...optionalText('product.size', 'size', 200),
  ...optionalText('product.url', 'url', 2000),
  ...PICTURE_CASES,

  { field: 'product.barcode', values: ABSENT, answer: { loads: { barcode: null } } },
  {
    field: 'product.barcode',
    values: ['"0000000000000"', '"n/a"', '0', '1.5', 'true', '[]', '{}'],
    answer: 'dropped',
  },
  read('product.barcode', '9300601234567', { barcode: '9300601234567' }),
  read('product.barcode', '"00012345"', { barcode: '00012345' }),
  read('product.barcode', '"93006 01234567"', { barcode: '93006 01234567' }),
  read('product.barcode', '"123456789012345"', { barcode: '123456789012345' }),

  { field: 'product.category_path', values: [undefined, 'null', '[]'], answer: { loads: { categoryPath: [] } } },
  {
    field: 'product.category_path',
    values: [
      '"Pantry"',
      '5',
      '{}',
      '["Pantry", 5]',
      '["Pantry", null]',
      '["Pantry", ""]',
      '[["Pantry"]]',
      '["a\\u0000b"]',
      { text: `[${Array(17).fill('"x"')}]`, shown: '17 names' },
    ],
    answer: 'dropped',
  },

  { field: 'product.price_was', values: [undefined, 'null', '""'], answer: { loads: { wasPriceCents: null } } },
  { field: 'product.price_was', values: ['-1', '1000000', '"$5"', 'true', '[]', '{}'], answer: 'dropped' },
  read('product.price_was', '"6.005"', { wasPriceCents: 601 }),
  ...flag('product.is_on_special', 'isOnSpecial'),
  ...flag('product.is_available', 'isAvailable'),

  ...DETAIL_CASES,

  {
    field: 'product.price_hash',
    values: ['"a1b2"', '{"deep": [1, {}]}', '1e400', '"a\\u0000b"', '"a\\ud83d"'],
    answer: { loads: { ignored: ['price_hash'] } },
  },
  { field: 'product.price_hash', values: ['NaN', '[1, {"deep": -Infinity}]'], answer: 'marked' },
  { field: 'metadata.scraper', values: ['"v2"'], answer: { loads: { ignored: ['metadata.scraper'] } } },
  {
    field: 'product.constructor',
    values: ['1', '{"prototype": {"name": 1}}'],
    answer: { loads: { ignored: ['constructor'] } },
  },
  { field: 'product.hasOwnProperty', values: ['1'], answer: { loads: { ignored: ['hasOwnProperty'] } } },
  { field: 'product.__proto__', values: ['1', '{"name": "x"}'], answer: 'key_forbidden' },
  { field: 'product.__pr\\u006fto__', values: ['null'], answer: 'key_forbidden' },
  { field: 'metadata.__proto__', values: ['{}'], answer: 'key_forbidden' },
]
