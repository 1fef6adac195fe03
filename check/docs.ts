/**
 * The tables of docs/ that say what the code says, and the list of commands. `npm run check` compares them, `npm run fix` writes them, between
 * `<!-- generated: name -->` and `<!-- /generated -->`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROBLEMS, type Retry } from '@splitcart/shared/problem.ts'
import { REJECT_CODES } from '@splitcart/shared/row.ts'
import { SETTINGS } from '@splitcart/shared/settings.ts'
import { FILE_RULES } from '@splitcart/shared/truth/judge.ts'
import { RULES } from '@splitcart/shared/truth/rules.ts'
import { FIELD_CASES } from '../packages/shared/test/field-cases.ts'
import type { Answer, Value } from '../packages/shared/test/good-row.ts'
import { type Fate, FILE_CASES, LINE_CASES } from '../packages/shared/test/line-cases.ts'
import { LIES } from '../torture/lies/lies.ts'
import { faultOfSummaries } from './summaries.ts'

type Cells = readonly string[]
type Table = Readonly<{ file: string; name: string; head: Cells; rows: () => readonly Cells[] }>

const TABLES: readonly Table[] = [
  { file: 'docs/settings.md', name: 'settings', head: ['Name', 'Machine', 'Default', 'Meaning'], rows: settingRows },
  {
    file: 'docs/problems.md',
    name: 'problems',
    head: ['Code', 'Status', 'The sender', 'Meaning', 'What to do'],
    rows: problemRows,
  },
  { file: 'docs/rows.md', name: 'reject codes', head: ['Code', 'Meaning'], rows: rejectRows },
  { file: 'docs/rows.md', name: 'fields', head: ['Field', 'Where it is', 'The row is'], rows: fieldRows },
  { file: 'docs/rows.md', name: 'lines', head: ['A line with', 'is'], rows: lineRows },
  { file: 'docs/truth.md', name: 'rules', head: ['Rule', 'What it looks for', '', 'Settings'], rows: ruleRows },
  { file: 'docs/truth.md', name: 'lies', head: ['Fault', 'What is wrong', 'It is'], rows: lieRows },
  { file: 'docs/rows.md', name: 'files', head: ['A file with', 'Its lines are'], rows: fileRows },
]

function settingRows(): Cells[] {
  return Object.entries(SETTINGS).map(([name, { machine, fallback, about }]) => [
    code(name),
    machine,
    fallback === undefined ? '–' : defaultOf(name, fallback),
    about,
  ])
}

function defaultOf(name: string, fallback: string): string {
  const size = name.includes('BYTES') ? readable(Number(fallback)) : undefined
  return size === undefined ? code(fallback) : `${code(fallback)} (${size})`
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** A number of bytes in the largest unit that divides it; `undefined` when that is bytes. */
export function readable(bytes: number): string | undefined {
  let unit = 0
  let rest = bytes
  for (; rest >= 1024 && rest % 1024 === 0 && unit < UNITS.length - 1; unit++) rest /= 1024
  return unit === 0 ? undefined : `${rest} ${UNITS[unit]}`
}

const WHAT_A_SENDER_DOES: Readonly<Record<Retry, string>> = {
  soon: 'tries again',
  slowly: 'tries again slowly',
  never: 'does not send these bytes again',
  stop: 'stops the run',
}

function problemRows(): Cells[] {
  return Object.entries(PROBLEMS).map(([name, { status, retry, title, todo }]) => [
    code(name),
    status === 0 ? '–' : String(status),
    status === 0 && retry === 'never' ? 'stops with the message' : WHAT_A_SENDER_DOES[retry],
    title,
    todo,
  ])
}

function ruleRows(): Cells[] {
  const ofFiles = Object.entries(FILE_RULES).map(([name, rule]) => [name, { ...rule, held: true }] as const)
  return [...Object.entries(RULES), ...ofFiles].map(([name, { about, held, settings }]) => [
    code(name),
    about,
    held ? 'held' : 'finding',
    settings.map(code).join(', ') || '–',
  ])
}

function lieRows(): Cells[] {
  return Object.entries(LIES).map(([name, { about, ends }]) => [name, about, ends])
}

function rejectRows(): Cells[] {
  return Object.entries(REJECT_CODES).map(([name, reason]) => [code(name), reason])
}

function fieldRows(): Cells[] {
  return FIELD_CASES.map(({ field, values, answer }) => [code(field), values.map(shown).join(', '), toldAs(answer)])
}

function shown(value: Value): string {
  if (typeof value === 'object') return value.shown
  return value === undefined ? 'missing' : code(value)
}

function toldAs(answer: Answer): string {
  if (answer === 'marked') return 'loaded, one warning'
  if (answer === 'dropped') return 'loaded without it, one warning'
  if (typeof answer === 'string') return `rejected: ${code(answer)}`
  const { ignored, ...loads } = answer.loads
  const [value] = Object.values(loads)
  if ('priceCents' in loads && loads.priceCents === null) return 'loaded, without a price'
  if (ignored !== undefined && value === undefined) return `loaded; ${code(ignored.join(', '))} is counted`
  // A line separator would be invisible in the page.
  const text = JSON.stringify(value)?.replaceAll('\u2028', '\\u2028')
  // A value too long to print is the one that was given.
  if (text === undefined || text.length > 60) return 'loaded'
  if (typeof value === 'number' && Object.keys(loads)[0]?.endsWith('Cents') === true)
    return `loaded, as ${(value / 100).toFixed(2)}`
  return value === null || (Array.isArray(value) && value.length === 0)
    ? 'loaded without it'
    : `loaded, with ${code(text)}`
}

function lineRows(): Cells[] {
  return LINE_CASES.map(({ what, answer }) => [what, toldAs(answer)])
}

function fileRows(): Cells[] {
  return FILE_CASES.map(({ what, fates }) => [what, fates.map(fateToldAs).join(', ') || 'none'])
}

function fateToldAs(fate: Fate): string {
  return fate === 'loaded' || fate === 'blank' ? fate : code(fate)
}

function code(text: string): string {
  return `\`${text}\``
}

/** A table of Markdown. A bar inside a cell is escaped. */
export function tableOf(head: Cells, rows: readonly Cells[]): string {
  const lines = [head, head.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`).join('')
}

/** The text of a page with the table in its place, or `undefined` when the page has no place for it. */
export function withTable(page: string, name: string, table: string): string | undefined {
  const start = `<!-- generated: ${name} -->\n`
  const from = page.indexOf(start)
  const to = page.indexOf('<!-- /generated -->', from)
  if (from < 0 || to < 0) return undefined
  return `${page.slice(0, from + start.length)}\n${table}\n${page.slice(to)}`
}

/** Writes the table into its page, or says why the page is not as it should be. */
function faultOf({ file, name, head, rows }: Table, mayWrite: boolean): string | undefined {
  const path = join(import.meta.dirname, '..', file)
  const page = readFileSync(path, 'utf8')
  const mended = withTable(page, name, tableOf(head, rows()))
  if (mended === undefined) return `${file} has no place for the table "${name}": <!-- generated: ${name} -->`
  if (mended === page) return undefined
  if (!mayWrite) return `${file}: the table "${name}" is not what the code says; run "npm run fix"`
  writeFileSync(path, mended)
  return undefined
}

if (import.meta.main) {
  const mayWrite = process.argv.includes('--write')
  const faults = TABLES.flatMap((table) => faultOf(table, mayWrite) ?? [])
  faults.push(...[(await faultOfSummaries(mayWrite)) ?? []].flat())
  for (const fault of faults) process.stdout.write(`${fault}\n`)
  process.exitCode = faults.length === 0 ? 0 : 1
}
