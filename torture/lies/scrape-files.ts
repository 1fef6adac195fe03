/** Files of scrapes, read and judged as they would be before they are loaded. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { isRejection, readParsedRow } from '@splitcart/shared/row.ts'
import { FileFigures } from '@splitcart/shared/truth/file-figures.ts'
import type { Finding } from '@splitcart/shared/truth/finding.ts'
import { type FileCounts, judge, judgeFile } from '@splitcart/shared/truth/judge.ts'
import type { JudgedScrape, References } from '@splitcart/shared/truth/rule-input.ts'
import { defaultThresholds } from '@splitcart/shared/truth/thresholds.ts'
import type { Line } from './columns.ts'

/** A file, read. */
export type ScrapeFile = Readonly<{ name: string; lines: readonly Line[] }>

/** What a file is judged by. */
export type Reading = Readonly<{ scrapes: readonly JudgedScrape[]; counts: FileCounts }>

const THRESHOLDS = defaultThresholds()

/** The files of a folder whose names end in .jsonl or .jsonl.gz, by their dates. */
export async function readScrapes(folder: string): Promise<ScrapeFile[]> {
  const names = (await readdir(folder)).filter((name) => /\.jsonl(\.gz)?$/.test(name))
  const files = await Promise.all(names.map((name) => readScrape(folder, name)))
  return files.toSorted((one, other) => (dateOf(one) + one.name < dateOf(other) + other.name ? -1 : 1))
}

async function readScrape(folder: string, name: string): Promise<ScrapeFile> {
  const bytes = await readFile(join(folder, name))
  const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return { name, lines: lines.map((line) => JSON.parse(line) as Line) }
}

/** The date of a file's first row. */
export function dateOf({ lines }: ScrapeFile): string {
  return String(lines[0]?.metadata.scraped_date)
}

/** Makes the figures of rows. */
export function readingOf(lines: readonly Line[], receivedOn: string): Reading {
  const figures = new FileFigures()
  let rejected = 0
  for (const line of lines) {
    const row = readParsedRow(line)
    if (isRejection(row)) rejected++
    else figures.add(row)
  }
  const scrapes = figures.scrapes.map(({ company, store, date, maker }) => {
    return { company, store, date, receivedOn, figures: maker.figures(), sampled: maker.sampled }
  })
  return {
    scrapes,
    counts: { rows: lines.length, rejected: rejected + figures.differing, differing: figures.differing },
  }
}

/** What is said of a file. */
export function judgeReading(
  { scrapes, counts }: Reading,
  referencesOf: (scrape: JudgedScrape) => References,
): Finding[] {
  return [
    ...judgeFile(counts, THRESHOLDS),
    ...scrapes.flatMap((scrape) => judge(scrape, referencesOf(scrape), THRESHOLDS)),
  ]
}
