/**
 * Exports table rows as CSV (RFC 4180) for spreadsheets. A text that a spreadsheet would take for a formula gets a '
 * in front, as in the server's exports.
 */

// Matches also with ' in front, so that removing one ' from a matching cell always restores the original.
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/

/** One line per row, one column per field; nested fields become columns of their own, lists are joined with "; ". */
export function csvOf(rows: readonly unknown[]): string {
  const flat = rows.map((row) => flattenedFields(row, ''))
  const names = [...new Set(flat.flatMap((fields) => [...fields.keys()]))]
  return [names, ...flat.map((fields) => names.map((name) => fields.get(name)))]
    .map((cells) => `${cells.map(csvCell).join(',')}\r\n`)
    .join('')
}

function flattenedFields(value: unknown, name: string): Map<string, unknown> {
  if (Array.isArray(value)) return new Map([[name, value.map(fieldText).join('; ')]])
  if (typeof value !== 'object' || value === null) return new Map([[name, value]])
  return new Map(
    Object.entries(value).flatMap(([key, each]) => [...flattenedFields(each, name === '' ? key : `${name}_${key}`)]),
  )
}

function fieldText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function csvCell(value: unknown): string {
  const text = typeof value === 'string' && FORMULA.test(value) ? `'${value}` : String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
