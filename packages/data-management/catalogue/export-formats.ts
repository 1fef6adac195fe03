/** What can be exported, and how it is written: as JSON Lines, or as comma-separated values. */
import { escapeJsonControls } from '@splitcart/shared/controls.ts'
import type { Sql } from '../database/sql.ts'
import { observations, prices, products } from './export.ts'
import { names } from './export-names.ts'

const TERMS = ['scraped_date', 'price_cents', 'was_price_cents', 'is_on_special', 'is_available']

/** What can be exported, with the fields of its records. */
const EXPORTS = {
  observations: ['company', 'store_id', 'sku', 'key', ...TERMS],
  prices: ['company', 'store_id', 'sku', 'key', 'name', 'brand', 'size', ...TERMS],
  products: ['name', 'brand', 'size', 'barcodes', 'listings'],
  names: ['name', 'brand', 'key', 'names', 'brands'],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type ExportName = keyof typeof EXPORTS

export const EXPORT_NAMES = Object.keys(EXPORTS) as readonly ExportName[]

/** The formats of exports, with their media types. */
export const EXPORT_FORMATS = { jsonl: 'application/jsonl', csv: 'text/csv; charset=utf-8' } as const

export type ExportFormat = keyof typeof EXPORT_FORMATS

/** A requested export. `on`: prices of this date; undefined: the latest. */
export type ExportRequest = Readonly<{ what: ExportName; format: ExportFormat; on?: string | undefined }>

/** The lines of an export, with their line ends. */
export function exportLines(database: Sql, { what, format, on }: ExportRequest): AsyncGenerator<string> {
  const records = recordsOf(database, what, on)
  return format === 'csv' ? csvOf(records, EXPORTS[what]) : jsonLinesOf(records)
}

function recordsOf(
  database: Sql,
  what: ExportName,
  on: string | undefined,
): AsyncIterable<Readonly<Record<string, unknown>>> {
  if (what === 'observations') return observations(database)
  if (what === 'prices') return prices(database, on)
  return what === 'products' ? products(database) : names(database)
}

async function* jsonLinesOf(records: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const record of records) yield `${escapeJsonControls(JSON.stringify(record))}\n`
}

/**
 * Records as comma-separated values (RFC 4180), the names of the fields first. They are for spreadsheets: a text that one of those
 * would take for a formula gets a ' in front. JSON Lines has everything as it was.
 */
export async function* csvOf(
  records: AsyncIterable<Readonly<Record<string, unknown>>>,
  fields: readonly string[],
): AsyncGenerator<string> {
  yield `${fields.join(',')}\r\n`
  for await (const record of records) yield `${fields.map((field) => cellOf(record[field])).join(',')}\r\n`
}

// Also matches texts that begin with ' already: so removing one ' from a matching text restores the original.
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/

function guarded(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text =
    typeof value === 'object' ? JSON.stringify(value) : typeof value === 'string' ? guarded(value) : `${value}`
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
