/** The rows of a file, read plainly, and how many of its lines count as what. */
import { isRejection, type Row, readRow } from '@splitcart/shared/row.ts'

/** A file as it arrived. */
export type HistoryFile = Readonly<{ bytes: Buffer; sha256: string; receivedAt: number }>

/** Longer lines are rejected; smaller than usual, so that a test can have some. */
export const LINE_BYTES_MAX = 20_000

/**
 * How many lines of a file count, how many of them are no rows, and how many show a listing that their scrape has shown. One that says
 * something else of it is no row.
 */
export function naiveCounts(file: HistoryFile): { rows: number; rejected: number; duplicate: number } {
  const rows = linesOf(file).length
  const good = rowsOf(file)
  const again = scrapesBeforeMidnight(file).flatMap(({ all, shown }) =>
    all.filter((row) => shown.get(nameOf(row)) !== row).map((row) => saysOtherwise(shown.get(nameOf(row))!, row)),
  )
  const differing = again.filter(Boolean).length
  return { rows, rejected: rows - good.length + differing, duplicate: again.length - differing }
}

/** Whether a shop would say two things at once: what only one of the rows says is none of them. */
function saysOtherwise(first: Row, again: Row): boolean {
  const said = ({ name, size, wasPriceCents, isOnSpecial }: Row) => [name, size, wasPriceCents, isOnSpecial]
  const others = said(again)
  const isOther = said(first).some(
    (value, place) => value !== null && others[place] !== null && value !== others[place],
  )
  return isOther || first.priceCents !== again.priceCents
}

/** The rows of each store and date of a file, and the first of each listing. */
function scrapesBeforeMidnight(file: HistoryFile): { all: Row[]; shown: Map<string, Row> }[] {
  const rows = rowsOf(file)
  const groups = Map.groupBy(rows, ({ company, storeCode, date }) => JSON.stringify([company, storeCode, date]))
  return [...groups.values()].map((all) => {
    const shown = new Map<string, Row>()
    for (const row of all) if (!shown.has(nameOf(row))) shown.set(nameOf(row), row)
    return { all, shown }
  })
}

function linesOf(file: HistoryFile): string[] {
  return file.bytes
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '')
}

/** The rows of a file: the lines that are some. */
export function rowsOf(file: HistoryFile): WrittenRow[] {
  return linesOf(file)
    .flatMap(rowOrNothing)
    .map((row) => {
      const written = { companyWritten: row.company, storeWritten: row.storeCode }
      return { ...row, company: row.companyKey, storeCode: row.storeKey, ...written }
    })
}

/** A row whose codes are those that are compared; beside them what the file writes. */
export type WrittenRow = Row & Readonly<{ companyWritten: string; storeWritten: string }>

function rowOrNothing(line: string): Row[] {
  const bytes = Buffer.from(line)
  const row = readRow(bytes)
  return bytes.length > LINE_BYTES_MAX || isRejection(row) ? [] : [row]
}

/** A listing by its own name: its company and SKU, or its company and normalized name. */
export function nameOf(row: Row): string {
  return row.sku === null ? `${row.company} 1 ${row.key}` : `${row.company} 0 ${row.sku}`
}
