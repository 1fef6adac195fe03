/** What a benchmark came to: a table for people, and the same as JSON. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { type Comparison, median, type Result } from './compare.ts'

/** A table. `null`: not measured, or it makes no sense there. */
export type Report = Readonly<{
  title: string
  columns: readonly string[]
  rows: readonly (readonly [name: string, ...values: (number | null)[]])[]
}>

const RESULTS = join(import.meta.dirname, 'results')
const README = join(import.meta.dirname, 'README.md')
const [BEGIN, END] = ['<!-- results -->', '<!-- /results -->']

/** The table of a comparison. */
export function reportOf({ title, amount, unit }: Comparison, results: readonly Result[]): Report {
  const figures = [...new Set(results.flatMap((result) => Object.keys(result.figures)))]
  return {
    title,
    columns: ['least s', 'median s', 'most s', 'CPU s', `${unit}/s`, ...figures, 'times our time'],
    rows: results.map((result) => [
      result.name,
      Math.min(...result.seconds),
      median(result.seconds),
      Math.max(...result.seconds),
      median(result.cpuSeconds),
      amount / median(result.seconds),
      ...figures.map((name) => result.figures[name] ?? null),
      result.ratio,
    ]),
  }
}

/** The lines of a table in Markdown. */
export function linesOf({ columns, rows }: Report): string[] {
  return [
    `| | ${columns.join(' | ')} |`,
    `|---|${'---:|'.repeat(columns.length)}`,
    ...rows.map(([name, ...values]) => `| ${name} | ${values.map(shown).join(' | ')} |`),
  ]
}

// Three digits say all that such figures can.
function shown(value: number | null): string {
  if (value === null) return '–'
  if (value >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en')
  return value.toFixed(value >= 10 ? 1 : 2)
}

/** What it was measured on, in one line. */
export function machine(): string {
  const gib = Math.round(totalmem() / 2 ** 30)
  const { node, sqlite } = process.versions
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, ${gib} GiB, Node ${node}, SQLite ${sqlite}`
}

/** Keeps a report as bench/results/NAME.json. */
export async function keep(name: string, report: Report): Promise<void> {
  const text = JSON.stringify(
    { ...report, on: new Date().toISOString().slice(0, 10), machine: machine() },
    undefined,
    2,
  )
  await writeFile(join(RESULTS, `${name}.json`), `${text}\n`)
}

type Kept = Report & Readonly<{ on: string; machine: string }>

/** Writes the tables of all kept reports into bench/README.md, in the given order. */
export async function writeReadme(order: readonly string[]): Promise<void> {
  const names = (await readdir(RESULTS)).map((file) => file.replace(/\.json$/, ''))
  const parts: string[] = []
  for (const name of order.filter((each) => names.includes(each))) {
    const kept = JSON.parse(await readFile(join(RESULTS, `${name}.json`), 'utf8')) as Kept
    parts.push(`### ${kept.title}`, '', `\`npm run bench -- ${name}\`, ${kept.on}, ${kept.machine}:`, '')
    parts.push(...linesOf(kept), '')
  }
  const text = await readFile(README, 'utf8')
  const [begin, end] = [text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)]
  if (end < begin) throw new Error(`${README} has no ${BEGIN} … ${END}`)
  await writeFile(README, `${text.slice(0, begin)}\n\n${parts.join('\n')}\n${text.slice(end)}`)
}
