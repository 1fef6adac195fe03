/** The rows of a table as they are here, to be taken along as a file. */
import type { ReactNode } from 'react'
import { Icon } from './icon.tsx'
import style from './take-along.module.css'

type Props = Readonly<{ label: string; rows: readonly { original: unknown }[]; isAll: boolean }>

const TYPES = { csv: 'text/csv', json: 'application/json' } as const
// A program that opens the file would take what begins so for a formula.
const FORMULA = /^[=+\-@\t\r]/

/** What stands below a table. */
export function TakeAlong({ label, rows, isAll }: Props): ReactNode {
  if (rows.length === 0) return null
  const take = (kind: keyof typeof TYPES) => {
    const seen = rows.map(({ original }) => original)
    const text = kind === 'csv' ? csvOf(seen) : `${JSON.stringify(seen, null, 1)}\n`
    save(new Blob([text], { type: TYPES[kind] }), `${label.toLowerCase().replace(/\P{L}+/gu, '-')}.${kind}`)
  }
  return (
    <p className={style.take}>
      <Icon name="download" size={14} />
      {isAll ? 'These rows' : 'The rows loaded so far'} as
      {(['csv', 'json'] as const).map((kind) => (
        <button key={kind} type="button" className={style.kind} onClick={() => take(kind)}>
          {kind.toUpperCase()}
        </button>
      ))}
    </p>
  )
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

/** One line a row, one column a field; what a field has within it as fields of its own, lists with semicolons. */
export function csvOf(rows: readonly unknown[]): string {
  const flat = rows.map((row) => fieldsOf(row, ''))
  const names = [...new Set(flat.flatMap((fields) => [...fields.keys()]))]
  return [names, ...flat.map((fields) => names.map((name) => fields.get(name) ?? ''))]
    .map((cells) => `${cells.map(cellOf).join(',')}\r\n`)
    .join('')
}

function fieldsOf(value: unknown, name: string): Map<string, string> {
  if (value === null || value === undefined) return new Map([[name, '']])
  if (Array.isArray(value)) return new Map([[name, value.map(textOf).join('; ')]])
  if (typeof value !== 'object') return new Map([[name, typeof value === 'string' ? safe(value) : String(value)]])
  return new Map(
    Object.entries(value).flatMap(([key, each]) => [...fieldsOf(each, name === '' ? key : `${name}_${key}`)]),
  )
}

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function safe(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}

function cellOf(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
