/** Faults of whole columns as scrapers make them. */
import {
  always,
  dated,
  each,
  empty,
  isTenDollars,
  isTenth,
  type Lie,
  misread,
  pricesOf,
  priceTimes,
  share,
  shifted,
  shuffled,
  skuOf,
  stored,
  where,
  withoutCategories,
} from './columns.ts'

/** The faults by name. */
export const LIES: Readonly<Record<string, Lie>> = {
  hundredfold: { about: 'cents for dollars', ends: 'held', lie: priceTimes(100) },
  hundredth: { about: 'dollars taken for cents', ends: 'held', lie: priceTimes(0.01) },
  tenfold: { about: 'a decimal sign lost', ends: 'held', lie: priceTimes(10) },
  'another currency': { about: 'prices times 1.53', ends: 'held', lie: priceTimes(1.53) },
  'without taxes': { about: 'prices divided by 1.1', ends: 'held', lie: priceTimes(1 / 1.1) },
  'all free': { about: 'every price 0', ends: 'held', lie: each(always('price_current', () => 0)) },
  'no prices': { about: 'every price missing', ends: 'held', lie: each(always('price_current', () => null)) },
  'half of the prices': {
    about: 'every second price missing',
    ends: 'held',
    lie: each(() => (_, place) => (place % 2 === 0 ? {} : { price_current: null })),
  },
  'some hundredfold': { about: 'cents for dollars in every tenth row', ends: 'held', lie: pricesOf(isTenth, 100) },
  'ten dollars and more': {
    about: 'cents for dollars from ten dollars on',
    ends: 'held',
    lie: pricesOf(isTenDollars, 100),
  },
  'some free': { about: 'every tenth price 0', ends: 'held', lie: pricesOf(isTenth, 0) },
  'all reduced': {
    about: 'twice the price as the former price of every row',
    ends: 'held',
    lie: each(() => ({ product }) => ({ price_was: 2 * Number(product.price_current) })),
  },
  'one price': {
    about: 'the same price in every row',
    ends: 'held',
    lie: each(always('price_current', (first) => first.price_current)),
  },
  'whole dollars': {
    about: 'the cents cut off',
    ends: 'held',
    lie: each(() => ({ product }) => ({ price_current: Math.floor(Number(product.price_current)) })),
  },
  'unit price': { about: 'the unit price as the price', ends: 'held', lie: stored('price_current', 'unit_price') },
  'former price': {
    about: 'the former price in place of the price',
    ends: 'held',
    lie: where(
      'price_was',
      () =>
        ({ product }) =>
          (product.price_was ?? null) === null
            ? {}
            : { price_current: product.price_was, price_was: product.price_current },
      0.1,
    ),
  },
  'next price': { about: "the next row's price", ends: 'held', lie: each(shifted('price_current', 1)) },
  'price of the row before': {
    about: 'the price of the row before',
    ends: 'held',
    lie: each(shifted('price_current', -1)),
  },
  'shuffled prices': { about: 'prices in another order', ends: 'held', lie: each(shuffled('price_current')) },
  'row numbers': {
    about: 'the number of the row as the price',
    ends: 'held',
    lie: each(() => (_, place) => ({ price_current: place + 1 })),
  },
  'next name': { about: "the next row's name", ends: 'held', lie: each(shifted('name', 1)) },
  'shuffled names': { about: 'names in another order', ends: 'held', lie: each(shuffled('name')) },
  'one name': { about: 'the same name in every row', ends: 'held', lie: each(always('name', () => 'Product')) },
  'brand for name': {
    about: 'name and brand in place of each other',
    ends: 'held',
    lie: where(
      'brand',
      () =>
        ({ product }) =>
          (product.brand ?? '') === '' ? {} : { name: product.brand, brand: product.name },
    ),
  },
  'short names': {
    about: 'names cut off after five letters',
    ends: 'held',
    lie: each(() => ({ product }) => ({ name: String(product.name).slice(0, 5) })),
  },
  'marked-up names': {
    about: 'a heading around every name',
    ends: 'held',
    lie: each(() => ({ product }) => ({ name: `<h3 class="title">${product.name}</h3>` })),
  },
  'no names': { about: 'every name empty', ends: 'held', lie: each(empty('name')) },
  'next SKU': { about: "the next row's SKU", ends: 'held', lie: where('sku', shifted('sku', 1)) },
  'SKU of floats': {
    about: '".0" behind every SKU',
    ends: 'held',
    lie: where('sku', () => (line) => ({ sku: `${skuOf(line)}.0` })),
  },
  'SKU without zeros': {
    about: 'no leading zeros',
    ends: 'held',
    lie: (lines, chance) =>
      lines.every((line) => skuOf(line).startsWith('0'))
        ? each(() => (line) => ({ sku: skuOf(line).replace(/^0+/, '') }))(lines, chance)
        : undefined,
  },
  'no SKU': { about: 'every SKU empty', ends: 'held', lie: where('sku', empty('sku')) },
  'one SKU': {
    about: 'the same SKU in every row',
    ends: 'held',
    lie: where(
      'sku',
      always('sku', () => '4711'),
    ),
  },
  'places as SKU': {
    about: 'the place on the page as the SKU',
    ends: 'held',
    lie: where('sku', () => (_, place) => ({ sku: String(place) })),
  },
  'next brand': { about: 'brands in another order', ends: 'held', lie: where('brand', shuffled('brand')) },
  'name for brand': { about: 'the name as the brand', ends: 'held', lie: stored('brand', 'name') },
  'no brand': { about: 'every brand empty', ends: 'held', lie: where('brand', empty('brand')) },
  'one brand': {
    about: 'the same brand in every row',
    ends: 'held',
    lie: where(
      'brand',
      always('brand', () => 'Sharp Blades Ltd'),
    ),
  },
  'shuffled sizes': { about: 'sizes in another order', ends: 'held', lie: where('size', shuffled('size')) },
  'name for size': { about: 'the name as the size', ends: 'held', lie: stored('size', 'name') },
  'no size': { about: 'every size empty', ends: 'held', lie: where('size', empty('size')) },
  'one size': {
    about: 'the same size in every row',
    ends: 'held',
    lie: where(
      'size',
      always('size', () => '1 each'),
    ),
  },
  'next barcode': { about: "the next row's barcode", ends: 'held', lie: where('barcode', shifted('barcode', 1)) },
  'one barcode': {
    about: 'the same barcode in every row',
    ends: 'held',
    lie: where(
      'barcode',
      always('barcode', () => '9300601234567'),
    ),
  },
  'no barcode': { about: 'every barcode empty', ends: 'held', lie: where('barcode', empty('barcode')) },
  'no categories': { about: 'every category empty', ends: 'held', lie: where('category_path', empty('category_path')) },
  'a lost category': { about: 'one top category of 20 rows or more gone', ends: 'held', lie: withoutCategories(1) },
  'lost categories': { about: 'three of them gone', ends: 'held', lie: withoutCategories(3) },
  'a lost fifth': { about: 'the last fifth of the rows gone', ends: 'held', lie: share(0.8) },
  half: { about: 'the second half of the rows gone', ends: 'held', lie: share(0.5) },
  'a tenth': { about: 'nine tenths of the rows gone', ends: 'held', lie: share(0.1) },
  'every other row': {
    about: 'every second row gone',
    ends: 'held',
    lie: (lines) => lines.filter((_, place) => place % 2 === 0),
  },
  'first page': {
    about: 'the first thirty rows again and again',
    ends: 'held',
    lie: each((lines) => (_, place) => lines[place % 30]!.product),
  },
  'two prices': {
    about: 'every tenth row twice, with another price',
    ends: 'held',
    lie: (lines) =>
      lines.flatMap((line, place) =>
        place % 10 > 0
          ? [line]
          : [line, { ...line, product: { ...line.product, price_current: Number(line.product.price_current) + 1 } }],
      ),
  },
  'nothing available': {
    about: 'is_available turned',
    ends: 'held',
    lie: each(() => ({ product }) => ({ is_available: product.is_available !== true })),
  },
  'all on special': {
    about: 'is_on_special true in every row',
    ends: 'held',
    lie: each(always('is_on_special', () => true)),
  },
  'no unit prices': {
    about: 'every unit price empty',
    ends: 'held',
    lie: where('unit_price', () => () => ({
      unit_price: null,
      per_unit_price_value: null,
      per_unit_price_string: null,
    })),
  },
  'one address': {
    about: 'the same url in every row',
    ends: 'held',
    lie: where(
      'url',
      always('url', () => 'https://shop.example.org/'),
    ),
  },
  'next address': { about: "the next row's url", ends: 'held', lie: where('url', shifted('url', 1)) },
  'next picture': { about: "the next row's picture", ends: 'held', lie: where('image_url', shifted('image_url', 1)) },
  'one category': {
    about: 'the same category in every row',
    ends: 'held',
    lie: each(always('category_path', () => ['All'])),
  },
  'no addresses': { about: 'every url empty', ends: 'held', lie: where('url', empty('url')) },
  'one picture': {
    about: 'the same picture in every row',
    ends: 'held',
    lie: where(
      'image_url',
      always('image_url', () => 'https://pictures.example.org/none.png'),
    ),
  },
  'no row': { about: 'a file of nothing', ends: 'held', lie: () => [] },
  'a dead battery': { about: 'dated 2062', ends: 'held', lie: dated('2062-05-02') },
  'a clock of the year 2000': { about: 'dated 2000-01-01', ends: 'held', lie: dated('2000-01-01') },
  'misread names': {
    about: 'UTF-8 read as Latin-1',
    ends: 'told',
    lie: (lines, chance) =>
      lines.some(({ product }) => !/^[\0-\x7f]*$/.test(String(product.name)))
        ? each(() => ({ product }) => ({ name: misread(product.name) }))(lines, chance)
        : undefined,
  },
  'template addresses': {
    about: 'pictures with {width} in their addresses',
    ends: 'told',
    lie: where('image_url', () => (_, place) => ({ image_url: `https://pictures.example.org/{width}/${place}.png` })),
  },
  'small unit prices': {
    about: 'unit prices 100 times too small',
    ends: 'told',
    lie: where(
      'unit_price',
      () =>
        ({ product }) =>
          Number(product.unit_price) >= 2 ? { unit_price: Math.round(Number(product.unit_price)) / 100 } : {},
    ),
  },
}
