/** One random history, loaded for real in two orders and compared with the naive model. */
import { type Catalogue, openCatalogue } from '../catalogue/catalogue.ts'
import { catalogueLines } from '../catalogue/digest.ts'
import { loadFile } from '../update-db/load-file.ts'
import { historyOf } from './histories.ts'
import { type HistoryFile, LINE_BYTES_MAX, naiveCatalogue, naiveCounts } from './naive-catalogue.ts'
import { Chance } from './random.ts'

/** What is different for a seed, or undefined: the history loaded in two orders is the same as computed from all files at once. */
export async function faultOfHistory(seed: number): Promise<string | undefined> {
  const files = historyOf(seed)
  const expected = naiveCatalogue(files)
  const chance = new Chance(~seed)
  // Some files come twice.
  const arrivals = [...files, ...files.filter(() => chance.is(0.1))]
  const catalogues: string[][] = []
  for (const order of [chance.shuffled(arrivals), chance.shuffled(arrivals)]) {
    using catalogue = openCatalogue(':memory:')
    for (const file of order) {
      const fault = await load(catalogue, file)
      if (fault !== undefined) return fault
    }
    const lines = [...catalogueLines(catalogue.database)]
    const fault = differenceBetween(expected.toSorted(), lines.toSorted())
    if (fault !== undefined) return fault
    catalogues.push(lines)
  }
  const [one = [], other = []] = catalogues
  return differenceBetween(one, other)
}

/** Loads a file unless its bytes have been dealt with, as update-db does. Returns what is wrong with the record of the load. */
export async function load(catalogue: Catalogue, file: HistoryFile): Promise<string | undefined> {
  if (catalogue.findLoad(file.sha256) !== undefined) return undefined
  const { sha256, receivedAt, bytes } = file
  const record = await loadFile(catalogue, {
    file: { sha256, filename: `${sha256.slice(0, 8)}.jsonl`, receivedAt },
    bytes: () => inPortions(bytes),
    lineBytesMax: LINE_BYTES_MAX,
    hold: undefined,
    now: () => receivedAt,
  })
  const { rows, rejected, duplicate } = record.result
  const expected = naiveCounts(file)
  const found = { rows, rejected, duplicate }
  if (JSON.stringify(found) === JSON.stringify(expected)) return undefined
  return `counts of ${record.filename}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`
}

const PORTION_BYTES = 700

async function* inPortions(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += PORTION_BYTES) yield bytes.subarray(at, at + PORTION_BYTES)
}

const LINES_SHOWN_MAX = 6

/** The lines that only one of two lists has, or where their order first differs; undefined when they are equal. */
export function differenceBetween(expected: readonly string[], found: readonly string[]): string | undefined {
  const inExpected = new Set(expected)
  const inFound = new Set(found)
  const missing = expected.filter((line) => !inFound.has(line)).map((line) => `  missing  ${line}`)
  const surplus = found.filter((line) => !inExpected.has(line)).map((line) => `  surplus  ${line}`)
  const lines = [...missing.slice(0, LINES_SHOWN_MAX), ...surplus.slice(0, LINES_SHOWN_MAX)]
  if (lines.length > 0) return `${missing.length} missing, ${surplus.length} surplus\n${lines.join('\n')}`
  const at = expected.findIndex((line, index) => line !== found[index])
  if (at >= 0) return `line ${at} is ${found[at]} instead of ${expected[at]}`
  return expected.length === found.length ? undefined : `${found.length} lines instead of ${expected.length}`
}
