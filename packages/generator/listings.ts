/** How a chain's scraper writes an article: constant fields, and fields that depend on the terms. */
import { type Article, articleOf, ownBrandRange, sharedRange } from './articles.ts'
import type { Chain } from './chains.ts'
import { descriptionOf } from './descriptions.ts'
import { hexOf } from './random.ts'
import type { Terms } from './shelf.ts'

export type Value = string | number | boolean | null | readonly string[]
export type Fields = Readonly<Record<string, Value>>

/** A chain's article as its rows show it. The fields of `head` stand before those of the terms, those of `tail` after them. */
export type Listing = Readonly<{ article: Article; head: Fields; tail: Fields }>

/** The terms as a row shows them; `lacksPrice`: without a price, as some rows of unavailable articles are. */
export type WrittenTerms = Terms & Readonly<{ lacksPrice: boolean }>

// Three of every five places in a chain's range hold goods that other chains sell too.
const GROUP_PLACES = 5
const SHARED_PLACES = 3
const LETTERS = /[\p{L}\p{M}\p{N}]+/gu
const NOT_IN_URLS = /[^a-z0-9]+/g
/** The listings of a chain whose range has so many places, by place. */
export function listingsOf(seed: number, chain: Chain, places: number): (place: number) => Listing {
  const shared = sharedRange(seed)
  const own = ownBrandRange(seed, chain.index, chain.ownBrands)
  // Each chain's window on the shared goods begins a quarter of a window later: neighbours share most, distant ones none.
  const first = chain.index * Math.ceil((places / GROUP_PLACES) * (SHARED_PLACES / 4))
  return (place) => {
    const group = Math.floor(place / GROUP_PLACES)
    const placeInGroup = place % GROUP_PLACES
    if (placeInGroup < SHARED_PLACES)
      return listingOf(chain, place, articleOf(shared, first + group * SHARED_PLACES + placeInGroup))
    return listingOf(
      chain,
      place,
      articleOf(own, group * (GROUP_PLACES - SHARED_PLACES) + placeInGroup - SHARED_PLACES),
    )
  }
}

/** The fields that depend on the terms, in the order of a row. */
export function termsFields({ company, format }: Chain, { size, image }: Article, terms: WrittenTerms): Fields {
  const { priceCents, wasCents, isAvailable, lacksPrice } = terms
  const [per, measure] = size.unit === 'ea' ? [1, '1 ea'] : [1000, size.unit === 'g' ? '1 kg' : '1 l']
  const unitPrice = dollars(Math.round((priceCents * per) / size.amount))
  const perUnit = `$${unitPrice.toFixed(2)} per ${measure}`
  if (format === 'lean')
    return {
      ...(lacksPrice ? {} : { price_current: dollars(priceCents) }),
      ...(wasCents === null ? {} : { price_was: dollars(wasCents) }),
      per_unit_price_string: perUnit,
      per_unit_price_value: unitPrice,
      is_on_special: wasCents !== null,
      cutout_image_url: `https://images.${company}.example/is/image/product/jpg/scaleWidth/500/${image}`,
      unit_price: unitPrice,
      unit_of_measure: measure.replace(' ', ''),
      is_available: isAvailable,
    }
  return {
    price_current: lacksPrice ? null : dollars(priceCents),
    price_was: wasCents === null ? null : dollars(wasCents),
    per_unit_price_string: perUnit,
    per_unit_price_value: unitPrice,
    per_unit_price_measure: null,
    average_user_rating: null,
    rating_count: null,
    health_star_rating: null,
    is_on_special: wasCents !== null,
    price_save_amount: wasCents === null ? null : dollars(wasCents - priceCents),
    unit_price: unitPrice,
    unit_of_measure: measure.replace(' ', ''),
    is_available: isAvailable,
  }
}

/** A hash of the price, by which a scraper detects changes. */
export function priceHash({ priceCents }: Terms): string {
  return hexOf(priceCents, 4)
}

function listingOf(chain: Chain, place: number, article: Article): Listing {
  const { name, brand, size } = article
  const nameWords = wordsOf(name)
  const brandWords = wordsOf(brand)
  const words = [
    ...new Set([...size.tokens.map((token) => token.replace('.', '')), ...nameWords, ...brandWords]),
  ].sort()
  const isLean = chain.format === 'lean'
  return {
    article,
    head: isLean ? leanHead(chain, place, article) : fullHead(chain, place, article),
    tail: {
      ...(isLean ? {} : { normalized_name: nameWords.join(' ') }),
      normalized_brand: brandWords.sort().join(isLean ? ' ' : ''),
      sizes: size.tokens,
      normalized_name_brand_size: words.join(isLean ? ' ' : ''),
    },
  }
}

function fullHead(chain: Chain, place: number, article: Article): Fields {
  const sku = chain.sku(place)
  const site = `https://www.${chain.company}.example`
  return {
    sku,
    name: nameOf(article),
    brand: article.brand,
    barcode: chain.hasBarcodes ? article.barcode : null,
    description: chain.hasDescriptions ? descriptionOf(article) : null,
    ingredients: null,
    allergens: null,
    country_of_origin: null,
    size: article.size.text,
    image_url: `https://images.${chain.company}.example/is/image/product/jpg/scaleWidth/{width}/${article.image}/{slug}`,
    url: chain.hasDescriptions ? null : `${site}/product/${urlSlug(article)}-${sku}`,
    category_path: chain.hasDescriptions ? ['Grocery', ...article.path] : article.path,
  }
}

function leanHead(chain: Chain, place: number, article: Article): Fields {
  const sku = chain.sku(place)
  const images = `https://images.${chain.company}.example/is/image/product/jpg/scaleWidth/{width}`
  return {
    ...(sku === null ? {} : { sku }),
    name: nameOf(article),
    brand: article.brand,
    ...(chain.hasBarcodes && article.barcode !== null ? { barcode: article.barcode } : {}),
    size: article.size.text,
    image_url: `${images}/${article.image}/{slug}`,
    url: `https://www.${chain.company}.example/product/${urlSlug(article)}-${sku ?? article.image.slice(0, 12)}`,
    category_path: article.path,
  }
}

function nameOf({ name, size, seed }: Article): string {
  return seed % 3 === 0 ? name : `${name} ${size.text.replace(' ', '')}`
}

function urlSlug({ brand, name }: Article): string {
  const address = `${brand} ${name}`.toLowerCase().replace(NOT_IN_URLS, '-')
  return address.length < 4 ? 'item' : address
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().replaceAll("'", '').match(LETTERS) ?? []
}

function dollars(cents: number): number {
  return cents / 100
}
