/** Random histories, loaded for real and compared with the naive model. */
import type { Catalogue, StoreAlias } from '../catalogue/catalogue.ts'
import { SqliteCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { catalogueLines } from '../catalogue/digest.ts'
import { exportObservations } from '../catalogue/export.ts'
import type { LoadRecord } from '../catalogue/loads.ts'
import type { ListingVerdict } from '../catalogue/model/partition.ts'
import { countChanges } from '../catalogue/queries/count-changes.ts'
import { loadFile, previewFile } from '../update-db/load-file.ts'
import { LocalReader, type Reader } from '../update-db/reader.ts'
import { type OpenEmpty, openSqlite } from './catalogues.ts'
import { faultOfCategoryChanges, faultOfDerived, faultOfDerivedInPostgres } from './derived.ts'
import { historyOf } from './histories.ts'
import { naiveCatalogue, naiveObservations } from './naive-catalogue.ts'
import { changesKept, naiveChanges } from './naive-changes.ts'
import { naiveChange } from './naive-counts.ts'
import { naiveHeadings } from './naive-headings.ts'
import { type HistoryFile, LINE_BYTES_MAX, naiveCounts } from './naive-rows.ts'
import { Chance } from './random.ts'

/** What is wrong with a seed, or undefined. */
export type Fault = string | undefined

/** A history loaded in the order of its days and in two others is the same each time, and as computed from all its files at once. */
export async function faultOfHistory(seed: number, open: OpenEmpty = openSqlite): Promise<Fault> {
  const files = historyOf(seed)
  const chance = new Chance(~seed)
  // Some files come twice.
  const arrivals = [...files, ...files.filter(() => chance.is(0.1))]
  const inOrder = arrivals.toSorted((one, other) => one.receivedAt - other.receivedAt)
  const found: string[][] = []
  for (const order of [chance.shuffled(arrivals), chance.shuffled(arrivals), inOrder]) {
    await using catalogue = await open()
    // In the order of the days by readers that know nothing of the files before.
    const reader = order === inOrder ? undefined : new LocalReader()
    const fault = (await loadAll(catalogue, order, reader)) ?? (await faultOf(catalogue, files))
    if (fault !== undefined) return fault
    found.push(await Array.fromAsync(catalogueLines(catalogue.database)))
  }
  return differenceBetween(found[0]!, found[1]!) ?? differenceBetween(found[0]!, found[2]!)
}

/** Some loads undone are as if they had never been; loaded once more, as if they had never been undone. */
export async function faultOfUndo(seed: number, open: OpenEmpty = openSqlite): Promise<Fault> {
  const files = historyOf(seed)
  const chance = new Chance(~seed)
  await using catalogue = await open()
  const reader = new LocalReader()
  const fault = await loadAll(catalogue, chance.shuffled(files), reader)
  if (fault !== undefined) return fault
  const count = chance.is(0.1) ? files.length : Math.min(files.length, chance.between(1, 3))
  const undone = chance.shuffled(files).slice(0, count)
  const left = new Set(files)
  for (const file of undone) {
    await catalogue.undo(file.sha256, 'for a test', file.receivedAt)
    left.delete(file)
    const wrong = await faultOf(catalogue, [...left])
    if (wrong !== undefined) return `after ${files.length - left.size} of ${count} undone: ${wrong}`
  }
  // A file that was not undone is replaced by itself.
  for (const file of chance.shuffled([...undone, ...chance.shuffled([...left]).slice(0, 1)])) {
    const wrong = (await load(catalogue, { file, left }, reader)) ?? (await faultOf(catalogue, [...left.add(file)]))
    if (wrong !== undefined) return `after loading again: ${wrong}`
  }
  return undefined
}

/** Loads the files whose bytes have not been dealt with, as update-db does. */
async function loadAll(catalogue: Catalogue, files: readonly HistoryFile[], reader?: Reader): Promise<Fault> {
  const left = new Set<HistoryFile>()
  for (const file of files) {
    const isNew = (await catalogue.findLoad(file.sha256)) === undefined
    const fault = isNew ? await load(catalogue, { file, left }, reader) : undefined
    if (fault !== undefined) return fault
    left.add(file)
  }
  return undefined
}

// Of one file in eight it is asked before, too, what loading it would do.
const PREVIEWED_BELOW = '2'
const COUNTED_ABOVE = '8'

/** A file, and the files that are loaded before it. */
type Next = Readonly<{ file: HistoryFile; left: ReadonlySet<HistoryFile> }>

async function load(catalogue: Catalogue, { file, left }: Next, reader: Reader | undefined): Promise<Fault> {
  const { disappeared, ...change } = naiveChange(left, file)
  if (file.sha256 < PREVIEWED_BELOW) {
    await using attempt = await catalogue.beginDryRun()
    const { applied } = await previewFile(attempt, orderOf(file))
    const fault =
      applied.disappeared === disappeared ? undefined : `${applied.disappeared} disappear, not ${disappeared}`
    if (fault !== undefined) return fault
  }
  // After some files what changed is counted, and after others not.
  if (file.sha256 > COUNTED_ABOVE) await countChanges(catalogue.database)
  const { filename, result } = await loadWhole(catalogue, file, reader)
  const { rows, rejected, duplicate, inserted, changed, unchanged } = result
  const expected = JSON.stringify({ ...naiveCounts(file), ...change })
  const found = JSON.stringify({ rows, rejected, duplicate, inserted, changed, unchanged })
  return found === expected ? undefined : `counts of ${filename}: ${found} instead of ${expected}`
}

/** Loads a file, whatever is on record. */
export function loadWhole(catalogue: Catalogue, file: HistoryFile, reader?: Reader): Promise<LoadRecord> {
  return loadFile(catalogue, { ...orderOf(file), reader })
}

function orderOf({ sha256, receivedAt, bytes }: HistoryFile) {
  return {
    file: { sha256, filename: `${sha256.slice(0, 8)}.jsonl`, receivedAt },
    bytes: () => inBatches(bytes),
    lineBytesMax: LINE_BYTES_MAX,
    hold: undefined,
    now: () => receivedAt,
  }
}

// They end anywhere in a line.
const BATCHES = 20

async function* inBatches(bytes: Buffer): AsyncGenerator<Buffer> {
  const batchBytes = Math.ceil(bytes.length / BATCHES)
  for (let at = 0; at < bytes.length; at += batchBytes) yield bytes.subarray(at, at + batchBytes)
}

/** How the catalogue differs from that of these files. */
export async function faultOf(
  catalogue: Catalogue,
  files: readonly HistoryFile[],
  verdicts: readonly ListingVerdict[] = [],
  aliases: readonly StoreAlias[] = [],
): Promise<Fault> {
  const lines = await Array.fromAsync(catalogueLines(catalogue.database))
  const observations = naiveObservations(files, aliases)
  return (
    differenceBetween(naiveCatalogue(files, verdicts, aliases).toSorted(), lines.toSorted()) ??
    differenceBetween(observations.toSorted(), (await observed(catalogue)).toSorted()) ??
    differenceBetween(naiveChanges(observations).toSorted(), (await changesKept(catalogue.database)).toSorted()) ??
    (await faultOfCategoryChanges(catalogue.database)) ??
    differenceBetween(naiveHeadings(files, verdicts, aliases).toSorted(), (await headings(catalogue)).toSorted()) ??
    (await leftBehind(catalogue)) ??
    (catalogue instanceof SqliteCatalogue
      ? faultOfDerived(catalogue.database)
      : await faultOfDerivedInPostgres(catalogue.database))
  )
}

/** Each product by its first listing, and the listing that it is called by. */
async function headings({ database }: Catalogue): Promise<string[]> {
  type Named = {
    id: number
    product_id: number
    head_id: number | null
    company: string
    by_name: number
    code: string
  }
  const all = await database.all<Named>(
    `select listing.id, product_id, head_id, company.code as company, by_name, listing.code
      from listing join company on company.id = company_id`,
  )
  const byId = new Map(all.map((listing) => [listing.id, listing]))
  const own = ({ company, by_name, code }: Named) => [company, by_name, code]
  const text = ({ company, by_name, code }: Named) => `${company}\0${by_name}${code}`
  return [...Map.groupBy(all, ({ product_id }) => product_id)].map(([id, group]) => {
    const [first] = group.toSorted((one, other) => (text(one) < text(other) ? -1 : 1))
    return JSON.stringify([own(first!), own(byId.get(byId.get(id)!.head_id ?? id)!)])
  })
}

/** What went in comes out of the export. */
async function observed(catalogue: Catalogue): Promise<string[]> {
  return (await Array.fromAsync(exportObservations(catalogue.database))).map((each) => {
    const terms = [each.price_cents, each.was_price_cents, flag(each.is_on_special), flag(each.is_available)]
    return JSON.stringify([each.company, each.store_id, each.sku, each.key ?? null, each.scraped_date, ...terms])
  })
}

function flag(value: boolean | null): number | null {
  return value === null ? null : Number(value)
}

/** What the lines of a catalogue do not show, and must not be there. */
const LEFT_OVERS: Readonly<Record<string, string>> = {
  'a product with another number than that of its first listing': `select id from listing where product_id is null
    or product_id <> (select min(other.id) from listing as other where other.product_id = listing.product_id)`,
  'a listing that is not settled': 'select listing_id from unsettled',
  'a key of no listing': 'select listing_id from listing_key where listing_id not in (select id from listing)',
  'a listing whose label is not its own':
    'select listing.id from listing left join label on label.id = label_id and listing_id = listing.id where label.id is null',
  'a run of nothing': `select store_id from price_run left join listing on listing.id = listing_id
    left join store on store.id = store_id where listing.id is null or store.id is null`,
}

async function leftBehind({ database }: Catalogue): Promise<Fault> {
  // PostgreSQL does not let a reference to nothing be.
  const references = database.dialect === 'sqlite' ? await database.all('select * from pragma_foreign_key_check') : []
  if (references.length > 0) return 'a reference to nothing'
  for (const [what, sql] of Object.entries(LEFT_OVERS)) if ((await database.get(sql)) !== undefined) return what
  return undefined
}

const LINES_SHOWN_MAX = 6

/** The lines that only one of two lists has, or where their order first differs; undefined when they are equal. */
export function differenceBetween(expected: readonly string[], found: readonly string[]): Fault {
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
