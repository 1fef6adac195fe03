/**
 * Converts records to rows. A mapping is a JSON file: for each field of `product` and `metadata` the dotted path of its
 * value, or an object with path, transform and constant value:
 *
 *   {"product": {"sku": "id", "price_current": {"path": "price.now", "transform": "price"}}, "metadata": {"state": {"value": "qld"}}}
 */
import { Problem } from '@splitcart/shared/problem.ts'
import { isObject } from '@splitcart/shared/row.ts'
import type { ScrapedRow } from '../jsonl-writer.ts'
import type { InputRecord } from './records.ts'
import { TRANSFORMS, type TransformName } from './transforms.ts'

type Fields = InputRecord['fields']

/** Source of a value: the first path that has one, else the constant `value`; then transforms applied in order. */
export type FieldSource = Readonly<{ paths: readonly string[]; transforms: readonly TransformName[]; value?: unknown }>

/** The fields of both parts of a row, each with its source. */
export type Mapping = Readonly<Record<'product' | 'metadata', Readonly<Record<string, FieldSource>>>>

/** Defaults for all rows of a scrape; a row's own values take precedence. */
export type RowDefaults = Readonly<{ company?: string; store?: string; storeName?: string; date: string }>

const SOURCE_FIELDS = new Set(['path', 'transform', 'value'])

/** Reads a mapping; throws one `settings_invalid` that names every fault in it. */
export function readMapping(text: string, path: string): Mapping {
  const faults: string[] = []
  const mapping = mappingIn(text, faults)
  if (faults.length > 0) throw new Problem('settings_invalid', faults.map((fault) => `\n  ${path}: ${fault}`).join(''))
  return mapping
}

function mappingIn(text: string, faults: string[]): Mapping {
  const mapping = { product: {}, metadata: {} }
  let given: unknown
  try {
    given = JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (cause) {
    faults.push(`is not JSON (${cause instanceof Error ? cause.message : cause})`)
    return mapping
  }
  for (const [half, fields] of Object.entries(Object(given))) {
    if (half !== 'product' && half !== 'metadata') faults.push(`${half} is neither product nor metadata`)
    else mapping[half] = sourcesIn(half, Object(fields), faults)
  }
  if (Object.keys(mapping.product).length === 0) faults.push('maps no field of product')
  return mapping
}

function sourcesIn(half: string, fields: Fields, faults: string[]): Record<string, FieldSource> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, given]) => [name, sourceIn(`${half}.${name}`, given, faults)]),
  )
}

function sourceIn(name: string, given: unknown, faults: string[]): FieldSource {
  if (typeof given === 'string') return { paths: [given], transforms: [] }
  const { path = [], transform = [], value } = Object(given) as Fields
  const unknown = Object.keys(Object(given)).find((field) => !SOURCE_FIELDS.has(field))
  if (unknown !== undefined) faults.push(`${name}.${unknown} is none of path, transform and value`)
  const paths = [path].flat().map(String)
  const transforms = [transform].flat().map(String)
  for (const each of transforms)
    if (!Object.hasOwn(TRANSFORMS, each))
      faults.push(`${name}: there is no transform ${each}; there are ${Object.keys(TRANSFORMS).join(', ')}`)
  if (paths.length === 0 && value === undefined) faults.push(`${name} has neither path nor value`)
  return { paths, transforms: transforms as TransformName[], ...(value !== undefined && { value }) }
}

/** Makes a row by the mapping. Without one, a record that is a row stays; any other is the product of a row. */
export function rowOf({ fields }: InputRecord, mapping: Mapping | undefined, defaults: RowDefaults): ScrapedRow {
  const isRow = isObject(fields.product)
  const product = mapping === undefined ? (isRow ? fields.product : fields) : mapped(fields, mapping.product)
  const metadata = mapping === undefined ? (isRow ? fields.metadata : {}) : mapped(fields, mapping.metadata)
  return { product: withKey(product as Fields), metadata: withDefaults(isObject(metadata) ? metadata : {}, defaults) }
}

function mapped(fields: Fields, sources: Readonly<Record<string, FieldSource>>): Fields {
  const entries = Object.entries(sources).map(([name, source]) => [name, valueFor(fields, source)] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

function valueFor(fields: Fields, { paths, transforms, value: always }: FieldSource): unknown {
  const found = paths
    .map((path) => at(fields, path))
    .find((value) => value !== undefined && value !== null && value !== '')
  const start = found ?? always
  return transforms.reduce<unknown>((value, name) => (value === undefined ? value : TRANSFORMS[name](value)), start)
}

/** The value at a dotted path. A field whose name contains the dots takes precedence. */
function at(fields: unknown, path: string): unknown {
  if (!isObject(fields) && !Array.isArray(fields)) return undefined
  const holder = fields as Fields
  if (Object.hasOwn(holder, path)) return holder[path]
  const dot = path.indexOf('.')
  const name = dot < 0 ? undefined : path.slice(0, dot)
  return name !== undefined && Object.hasOwn(holder, name) ? at(holder[name], path.slice(dot + 1)) : undefined
}

/** Adds a missing key: name, brand and size in lower case, as words separated by spaces. */
function withKey(product: Fields): Fields {
  const { name, brand, size, normalized_name_brand_size: key } = product
  if (typeof name !== 'string' || (key !== undefined && key !== null && key !== '')) return product
  const words = [name, brand, size].filter((part) => typeof part === 'string').join(' ')
  const normalized = words
    .normalize('NFC')
    .toLowerCase()
    .match(/[\p{L}\p{M}\p{N}]+/gu)
    ?.join(' ')
  return normalized === undefined ? product : { ...product, normalized_name_brand_size: normalized }
}

function withDefaults(metadata: Fields, { company, store, storeName, date }: RowDefaults): Fields {
  const own = Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined && value !== null))
  const hasStore = own.store_id !== undefined || own.store_name !== undefined
  return {
    ...(company !== undefined && own.company_name === undefined && { company }),
    ...(store !== undefined && !hasStore && { store_id: store }),
    ...(storeName !== undefined && { store_name: storeName }),
    scraped_date: date,
    ...own,
  }
}
