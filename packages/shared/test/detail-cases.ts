/** What else a shop tells, kept as it is sent, and the addresses of pictures. */
import { DETAIL_NAMES, DETAILS, type DetailName, type Details } from '../row-details.ts'
import { PRICE_IS_UNIT_PRICE, UNIT_PRICE_CHECK } from '../truth/unit-price.ts'
import type { Value } from './good-row.ts'
import { ABSENT, type FieldCase, NO_TEXT, ODD_TEXT, read, repeated, text } from './odd-values.ts'

const TEMPLATE = 'https://shop.example/w/{width}/7/{slug}'
const IMAGE = 'product.image_url'
const FILLED = 'https://shop.example/oats-500.png'

/** The address of a picture, as it is sent and as it is kept. */
export const PICTURE_CASES: readonly FieldCase[] = [
  { field: IMAGE, values: ABSENT, answer: { loads: { imageUrl: null, pictureUrl: null } } },
  { field: IMAGE, values: [...NO_TEXT, ...ODD_TEXT, repeated(2001)], answer: 'dropped' },
  { field: IMAGE, values: [repeated(2000)], answer: { loads: { imageUrl: text(2000), pictureUrl: text(2000) } } },
  read(IMAGE, JSON.stringify(TEMPLATE), { imageUrl: TEMPLATE, pictureUrl: 'https://shop.example/w/500/7' }),
  read('product.aldi_image_url', JSON.stringify(FILLED), { pictureUrl: FILLED }),
  { field: 'product.aldi_image_url', values: ['5', ...ODD_TEXT, repeated(2001)], answer: 'dropped' },
]

/** A field that is kept as it is sent. */
function kept(name: DetailName, values: readonly Value[], found: Details[DetailName]): FieldCase {
  return { field: `product.${name}`, values, answer: { loads: { details: { [name]: found } } } }
}

function casesOf(name: DetailName): FieldCase[] {
  const kind = DETAILS[name]
  const field = `product.${name}`
  if (typeof kind === 'number')
    return [
      kept(name, ['"a <b>c</b>"'], 'a <b>c</b>'),
      kept(name, [repeated(kind)], text(kind)),
      { field, values: [...NO_TEXT, ...ODD_TEXT, repeated(kind + 1), 'NaN'], answer: 'dropped' },
    ]
  if (kind === 'number')
    return [
      kept(name, ['4.5', '"4.5"', '45e-1'], 4.5),
      kept(name, ['0', '-0', '"0.00"'], 0),
      { field, values: ['-1', '1e9', '"$5"', '" 4"', 'true', '[]', '{}', 'Infinity'], answer: 'dropped' },
    ]
  return [
    kept(name, ['["500g", "2pk"]'], ['500g', '2pk']),
    { field, values: ['[]'], answer: { loads: { details: null } } },
    { field, values: ['"500g"', '5', '{}', '[5]', '[""]', '["a\\u0000b"]', '[NaN]'], answer: 'dropped' },
    { field, values: [{ text: `[${Array(17).fill('"x"')}]`, shown: '17 texts' }], answer: 'dropped' },
  ]
}

/** Fields that are kept as they are sent. How a unit price fits the price is a field of its own. */
export const DETAIL_CASES: readonly FieldCase[] = [
  ...DETAIL_NAMES.filter((name) => name !== 'unit_price').flatMap(casesOf),
  read('product.unit_price', '"5.99"', {
    details: { unit_price: 5.99 },
    unit: UNIT_PRICE_CHECK.agrees | PRICE_IS_UNIT_PRICE,
  }),
  { field: 'product.unit_price', values: ['"$5"', '-1', '{}'], answer: 'dropped' },
  { field: 'product.description', values: ABSENT, answer: { loads: { details: null } } },
]
