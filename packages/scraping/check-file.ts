/** Checks a file before it is sent: rows that will be rejected, and the verdicts of the rules on its scrapes. */
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { describeBeginning, NO_ROW_SENTENCE } from '@splitcart/shared/file-diagnosis.ts'
import { isBlank, LINE_BYTES_MAX, readLines } from '@splitcart/shared/lines.ts'
import { isRejection, readRow } from '@splitcart/shared/row.ts'
import { type BeliefInForce, withBelief } from '@splitcart/shared/truth/beliefs.ts'
import { FileFigures, type FileScrape } from '@splitcart/shared/truth/file-figures.ts'
import { type Finding, makeFinding } from '@splitcart/shared/truth/finding.ts'
import { estimateRejectedLines, FILE_RULES, judge, judgeFile } from '@splitcart/shared/truth/judge.ts'
import type { References } from '@splitcart/shared/truth/rule-input.ts'
import { defaultThresholds, type Thresholds } from '@splitcart/shared/truth/thresholds.ts'

/** Result of checking a file. */
export type CheckedFile = Readonly<{
  rows: number
  rejected: number
  scrapes: readonly Readonly<{ company: string; store: string; date: string; rows: number }>[]
  verdicts: readonly Finding[]
}>

/** Prior knowledge of a scrape's chain: scrapes to compare with, and findings that a person has accepted. */
export type Baseline = Readonly<{ references: References; beliefs: readonly BeliefInForce[] }>

/** Check settings. `on`: the date on which the file would be received. */
export type CheckContext = Readonly<{
  thresholds: Thresholds
  on: string
  baselineOf: (scrape: FileScrape) => Promise<Baseline>
}>

/** A baseline without references. */
export const NO_BASELINE: Baseline = { references: { usual: [], sisters: [] }, beliefs: [] }

/** Reads and judges a file; one whose name ends in .gz is decompressed. */
export async function checkFile(path: string, by: CheckContext): Promise<CheckedFile> {
  const figures = new FileFigures()
  const counts = { rows: 0, rejected: 0 }
  for await (const lines of readLines(plainContent(path), LINE_BYTES_MAX))
    for (const { bytes, tooLong } of lines) {
      if (!tooLong && isBlank(bytes)) continue
      counts.rows++
      const row = tooLong ? undefined : readRow(bytes)
      if (row === undefined || isRejection(row)) counts.rejected++
      else figures.add(row)
    }
  if (counts.rows > 0 && counts.rejected === counts.rows)
    return {
      ...counts,
      scrapes: [],
      verdicts: [noRowFinding((await describeBeginning(plainContent(path))) ?? NO_ROW_SENTENCE, counts.rows)],
    }
  return { ...counts, ...(await judgeScrapes(figures, counts, by)) }
}

/** The server fails such a file; before it is sent, that is a verdict like any other. */
function noRowFinding(sentence: string, rows: number): Finding {
  return makeFinding('no_row', true, { brief: FILE_RULES.no_row.about, sentence, rows })
}

/** Verdicts on the scrapes of a file without a baseline, by the default thresholds. */
export function findingsIn(figures: FileFigures, receivedOn: string): Finding[] {
  return figures.scrapes.flatMap(({ company, storeName: store, store: code, date, maker }) => {
    const judged = { company, store, code, date, receivedOn, figures: maker.figures(), sampled: maker.sampled }
    return judge(judged, NO_BASELINE.references, defaultThresholds())
  })
}

async function judgeScrapes(
  figures: FileFigures,
  { rows, rejected }: { rows: number; rejected: number },
  by: CheckContext,
) {
  const { differing } = figures
  const counts = { rows, rejected: rejected + differing, differing }
  const verdicts = judgeFile(counts, by.thresholds)
  const scrapes: CheckedFile['scrapes'][number][] = []
  for (const scrape of figures.scrapes) {
    const { company, store, storeName, date, maker } = scrape
    const judged = { company, store: storeName, code: store, date, receivedOn: by.on, figures: maker.figures() }
    scrapes.push({ company, store, date, rows: judged.figures.rows })
    const { references, beliefs } = await by.baselineOf(scrape)
    const about = { sampled: maker.sampled, rejected: estimateRejectedLines(counts, judged.figures) }
    const found = judge({ ...judged, ...about }, references, by.thresholds)
    verdicts.push(...found.map((verdict) => withBelief(beliefs, verdict)))
  }
  return { scrapes, verdicts }
}

function plainContent(path: string): AsyncIterable<Buffer> {
  const bytes = createReadStream(path)
  return path.endsWith('.gz') ? bytes.compose(createGunzip()) : bytes
}
