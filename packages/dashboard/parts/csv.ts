/**
 * What stands in a table as comma-separated values (RFC 4180). They are for spreadsheets: a text that one of those would take for a formula
 * gets a ' in front, as in an export of the server.
 */

// Also where a ' is in front already: so taking one away from what matches gives back what it was.
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/

/** One line a row, one column a field; what a field has within it as fields of its own, lists with semicolons. */
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
