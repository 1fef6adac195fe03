/**
 * Exports table rows as CSV (RFC 4180) for spreadsheets. A text that a spreadsheet would take for a formula gets a '
 * in front, as in the server's exports.
 */

// Matches also with ' in front, so that removing one ' from a matching cell always restores the original.
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/

/** One line per row, one column per field; nested fields become columns of their own, lists are joined with "; ". */
export function csvOf(rows: readonly unknown[]): string {
  const flat = rows.map((row) => fieldsOf(row, ''))
  const names = [...new Set(flat.flatMap((fields) => [...fields.keys()]))]
  return [names, ...flat.map((fields) => names.map((name) => fields.get(name)))]
    .map((cells) => `${cells.map(cellOf).join(',')}\r\n`)
    .join('')
}

function fieldsOf(value: unknown, name: string): Map<string, unknown> {
  if (Array.isArray(value)) return new Map([[name, value.map(textOf).join('; ')]])
  if (typeof value !== 'object' || value === null) return new Map([[name, value]])
  return new Map(
    Object.entries(value).flatMap(([key, each]) => [...fieldsOf(each, name === '' ? key : `${name}_${key}`)]),
  )
}

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function cellOf(value: unknown): string {
  const text = typeof value === 'string' && FORMULA.test(value) ? `'${value}` : String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
