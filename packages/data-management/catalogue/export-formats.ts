/** What can be exported, and how it is written: as JSON Lines, or as comma-separated values. */
import { escapeJsonControls } from '@splitcart/shared/controls.ts'
import type { Sql } from '../database/sql.ts'
import { exportObservations, exportPrices, exportProducts } from './export.ts'
import { exportNames } from './export-names.ts'

const TERMS = ['scraped_date', 'price_cents', 'was_price_cents', 'is_on_special', 'is_available']

/** What can be exported, with the fields of its records. */
const EXPORT_FIELDS = {
  observations: ['company', 'store_id', 'sku', 'key', ...TERMS],
  prices: ['company', 'store_id', 'sku', 'key', 'name', 'brand', 'size', ...TERMS],
  products: ['name', 'brand', 'size', 'barcodes', 'listings'],
  names: ['name', 'brand', 'key', 'names', 'brands'],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type ExportName = keyof typeof EXPORT_FIELDS

export const EXPORT_NAMES = Object.keys(EXPORT_FIELDS) as readonly ExportName[]

/** The formats of exports, with their media types. */
export const EXPORT_FORMATS = { jsonl: 'application/jsonl', csv: 'text/csv; charset=utf-8' } as const

export type ExportFormat = keyof typeof EXPORT_FORMATS

/** A requested export. `on`: prices of this date; undefined: the latest. */
export type ExportRequest = Readonly<{ what: ExportName; format: ExportFormat; on?: string | undefined }>

/** The lines of an export, with their line ends. */
export function exportLines(database: Sql, { what, format, on }: ExportRequest): AsyncGenerator<string> {
  const records = exportRecords(database, what, on)
  return format === 'csv' ? csvLines(records, EXPORT_FIELDS[what]) : jsonLines(records)
}

function exportRecords(
  database: Sql,
  what: ExportName,
  on: string | undefined,
): AsyncIterable<Readonly<Record<string, unknown>>> {
  if (what === 'observations') return exportObservations(database)
  if (what === 'prices') return exportPrices(database, on)
  return what === 'products' ? exportProducts(database) : exportNames(database)
}

async function* jsonLines(records: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const record of records) yield `${escapeJsonControls(JSON.stringify(record))}\n`
}

/**
 * Records as comma-separated values (RFC 4180), after a line of field names. A text that a spreadsheet would take for a
 * formula gets a leading apostrophe; JSON Lines has every text unchanged.
 */
export async function* csvLines(
  records: AsyncIterable<Readonly<Record<string, unknown>>>,
  fields: readonly string[],
): AsyncGenerator<string> {
  yield `${fields.join(',')}\r\n`
  for await (const record of records) yield `${fields.map((field) => csvCell(record[field])).join(',')}\r\n`
}

// Also matches a formula behind apostrophes, so that removing one apostrophe always restores the original.
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/

function escapeFormula(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text =
    typeof value === 'object' ? JSON.stringify(value) : typeof value === 'string' ? escapeFormula(value) : `${value}`
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
