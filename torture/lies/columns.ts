/** How columns of an honest scrape are changed, as scrapers do by mistake. Pure. */
import type { Chance } from '../../packages/data-management/test/random.ts'

/** A row as it stands in a file. */
export type Line = Readonly<{ product: Fields; metadata: Fields }>

type Fields = Readonly<Record<string, unknown>>

/**
 * A fault: a pure function of the rows of an honest scrape and of chance; undefined where the scrape has no such column. `held`: the
 * scrape must not be loaded; `told`: it is loaded, and the fault is named.
 */
export type Lie = Readonly<{
  about: string
  ends: 'held' | 'told'
  lie: (lines: readonly Line[], chance: Chance) => readonly Line[] | undefined
}>

type Column = (lines: readonly Line[], chance: Chance) => (line: Line, place: number) => Fields

/** Changes fields of every product. */
export function each(change: Column): Lie['lie'] {
  return (lines, chance) => {
    const changed = change(lines, chance)
    return lines.map((line, place) => ({ ...line, product: { ...line.product, ...changed(line, place) } }))
  }
}

/** The same, where enough rows tell a field, and not nearly all the same of it. */
export function where(field: string, change: Column, shareMin = 0.3): Lie['lie'] {
  return (lines, chance) => {
    const values = lines.map(({ product }) => product[field]).filter((value) => (value ?? '') !== '')
    const isTold = values.length >= shareMin * lines.length && new Set(values.map(String)).size > 5
    return isTold ? each(change)(lines, chance) : undefined
  }
}

/** Multiplies all prices. */
export function priceTimes(factor: number): Lie['lie'] {
  return each(() => ({ product }) => ({
    price_current: times(product.price_current, factor),
    price_was: times(product.price_was, factor),
  }))
}

/** Multiplies the prices of some rows. */
export function pricesOf(isMeant: (line: Line, place: number) => boolean, factor: number): Lie['lie'] {
  return each(
    () => (line, place) => (isMeant(line, place) ? { price_current: times(line.product.price_current, factor) } : {}),
  )
}

/** A price that is missing stays so. */
function times(price: unknown, factor: number): unknown {
  return typeof price === 'number' ? Math.round(price * factor * 100) / 100 : price
}

/** Whether a row is one of every ten. */
export function isTenth(_: Line, place: number): boolean {
  return place % 10 === 0
}

/** Whether a row costs ten dollars or more. */
export function isTenDollars({ product }: Line): boolean {
  return Number(product.price_current) >= 10
}

/** The value of a field of the row so many places further on. */
export function shifted(field: string, by: number): Column {
  return (lines) => (_, place) => ({ [field]: lines.at((place + by) % lines.length)!.product[field] })
}

/** The values of a field in another order. */
export function shuffled(field: string): Column {
  return (lines, chance) => {
    const values = chance.shuffled(lines.map(({ product }) => product[field]))
    return (_, place) => ({ [field]: values[place] })
  }
}

/** One value in every row, made from a row in the middle. */
export function always(field: string, value: (first: Fields) => unknown): Column {
  return (lines) => {
    const constant = value(lines[Math.floor(lines.length / 2)]!.product)
    return () => ({ [field]: constant })
  }
}

/** No value in any row. */
export function empty(field: string): Column {
  return always(field, () => null)
}

/** Dates every row. */
export function dated(date: string): Lie['lie'] {
  return (lines) => lines.map((line) => ({ ...line, metadata: { ...line.metadata, scraped_date: date } }))
}

/** Removes the rows of some of the top categories of twenty rows or more: the smallest ones first. */
export function withoutCategories(count: number): Lie['lie'] {
  return (lines, chance) => {
    const large = Object.entries(Object.groupBy(lines, topOf)).filter(([, rows]) => rows!.length >= 20)
    if (large.length <= 2 * count) return undefined
    const lost = chance.shuffled(large.map(([name]) => name)).slice(0, count)
    return lines.filter((line) => !lost.includes(topOf(line)))
  }
}

function topOf({ product }: Line): string {
  return String((product.category_path as readonly string[] | undefined)?.[0])
}

/** The first part of the rows. */
export function share(part: number): Lie['lie'] {
  return (lines) => lines.slice(0, Math.ceil(lines.length * part))
}

/** A text that was written as UTF-8 and read as Latin-1. */
export function misread(text: unknown): unknown {
  return typeof text === 'string' ? Buffer.from(text).toString('latin1') : text
}

/** The SKU of a row. */
export const skuOf = ({ product }: Line) => String(product.sku)
/** One field in place of another, where that has values. */
export const stored = (field: string, from: string): Lie['lie'] =>
  where(from, () => ({ product }) => ({ [field]: product[from] }))
