/**
 * Writes the rows of any program to the outbox as one file, once all of them have arrived.
 *
 *   records ─▶ rows ─▶ JsonlWriter ─▶ the producer succeeded? ─▶ commit
 *                                                    └────────▶ no trace is left
 */
import { Problem } from '@splitcart/shared/problem.ts'
import { type Committed, JsonlWriter, type WriterOptions } from '../jsonl-writer.ts'
import { type Mapping, type RowDefaults, rowOf } from './mapping.ts'
import { type Input, recordsOf } from './records.ts'

/** The input, and the conditions for a complete scrape. `succeeded` throws if the producer failed. */
export type ScrapeInput = Readonly<{
  input: Input
  mapping?: Mapping
  defaults: RowDefaults
  rowsMin: number
  succeeded: () => Promise<void>
  signal: AbortSignal
}>

/** Reads all of the input and commits it; on any error no file is left. */
export async function scrape(dataDir: string, wanted: ScrapeInput, options: WriterOptions = {}): Promise<Committed> {
  const { input, mapping, defaults, rowsMin, succeeded, signal } = wanted
  await using writer = await JsonlWriter.open(dataDir, options)
  let records = 0
  for await (const record of recordsOf(input)) {
    if (signal.aborted) break
    await writer.write(rowOf(record, mapping, defaults))
    records++
  }
  if (signal.aborted) throw new Problem('scrape_incomplete', `it was stopped after ${records} rows`)
  await succeeded()
  if (records < rowsMin)
    throw new Problem('scrape_incomplete', `${records} rows came, at least ${rowsMin} were to come`)
  return await writer.commit()
}
