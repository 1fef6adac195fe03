/** Sort order and search words of the tables of a page, kept in the URL: `table=<name>:<order>:<words>` for each. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'

/** `order`: a column id, with a minus in front for descending order. Both are empty if nothing is chosen. */
export type TableState = Readonly<{ order: string; words: string }>

const ENTRY = /^(?<name>[^:]*):(?<order>[^:]*):(?<words>.*)$/s

/** The state of the table with this label, from the URL, and a function that changes it. */
export function useTableState(label: string): [TableState, (part: Partial<TableState>) => void] {
  const entries = useSearch({ strict: false, select: ({ table }) => table })
  const navigate = useNavigate()
  const name = slugOf(label)
  const state = useMemo(() => stateIn(entries, name), [entries, name])
  const change = useCallback(
    (part: Partial<TableState>) => {
      const search = (now: { table?: string[] }) => ({ ...now, table: withState(now.table, name, part) })
      navigate({ to: '.', search: search as never, replace: true, resetScroll: false })
    },
    [navigate, name],
  )
  return [state, change]
}

/** "What it costs now" → "what-it-costs-now", "Top 10" → "top-10" */
export function slugOf(label: string): string {
  return label.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-')
}

/** The rows whose texts contain every word. */
export function filterRows<T>(rows: readonly T[], words: string): readonly T[] {
  const sought = words.toLowerCase().split(/\s+/).filter(Boolean)
  if (sought.length === 0) return rows
  return rows.filter((row) => {
    const text = stringsIn(row).join('\n').toLowerCase()
    return sought.every((word) => text.includes(word))
  })
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : []
}

function stateIn(entries: readonly string[] | undefined, name: string): TableState {
  const found = (entries ?? []).map((entry) => ENTRY.exec(entry)?.groups).find((groups) => groups?.name === name)
  return { order: found?.order ?? '', words: found?.words ?? '' }
}

function withState(entries: readonly string[] | undefined, name: string, part: Partial<TableState>): string[] {
  const { order, words } = { ...stateIn(entries, name), ...part }
  const others = (entries ?? []).filter((entry) => !entry.startsWith(`${name}:`))
  return order === '' && words === '' ? others : [...others, `${name}:${order}:${words}`]
}
