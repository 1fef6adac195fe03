/**
 * Loads one file into the catalogue, whole or not at all.
 *
 *   lines ─▶ rows ─▶ staging ─▶ (held?) ─▶ scrapes ─▶ runs, labels, products ─▶ commit
 *              └───▶ rejects
 */
import { isBlank, readLines } from '@splitcart/shared/lines.ts'
import { isRejection, REJECT_CODES, type Rejection, type Row, readRow } from '@splitcart/shared/row.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { HoldPreview } from '../catalogue/hold-preview.ts'
import type { Loading } from '../catalogue/loading.ts'
import {
  type Applied,
  type Counts,
  type Ending,
  type LoadedFile,
  type LoadRecord,
  nothingApplied,
} from '../catalogue/loads.ts'
import { type StagedScrape, type Staging, TooManyScrapes } from '../catalogue/staging.ts'
import { type Compared, type HoldLimits, reasonToHold } from './holds.ts'
import { pairsAcrossMidnight } from './midnight.ts'

/** What a load needs to know. `bytes` opens the file from its start each time it is called; the clock is in milliseconds. */
export type LoadOrder = Readonly<{
  file: LoadedFile
  bytes: () => AsyncIterable<Buffer>
  lineBytesMax: number
  /** Undefined: nothing is held. */
  hold: HoldLimits | undefined
  /** Whether the sender may write a row; not given: every row. */
  mayWrite?: ((row: Row) => boolean) | undefined
  now: () => number
}>

/** What loading a file would do. `reason`: why it would be held. */
export type Preview = Readonly<{ counts: Counts; applied: Applied; reason: string | undefined }>

/** Loads the file and returns the record of the load, committed. Throws, with nothing applied, when the bytes cannot be read. */
export async function loadFile(catalogue: Catalogue, order: LoadOrder): Promise<LoadRecord> {
  using loading = catalogue.begin(order.file, order.now())
  const { counts, failure, reason } = await stage(catalogue, loading, order)
  if (failure === undefined && reason === undefined)
    return commit(loading, order, { state: 'loaded', problem: null, counts, applied: loading.apply() })
  const preview = failure === undefined ? loading.preview() : undefined
  loading[Symbol.dispose]()
  return recordOnly(catalogue, order, { problem: failure ?? reason ?? '', preview })
}

/** Does what `loadFile` would do, within a transaction that the caller has open and takes back in the end. */
export async function previewFile(catalogue: Catalogue, order: LoadOrder): Promise<Preview> {
  using loading = catalogue.begin(order.file, order.now())
  const { counts, failure, reason } = await stage(catalogue, loading, order)
  const applied = failure === undefined ? loading.apply() : nothingApplied()
  commit(loading, order, { state: failure === undefined ? 'loaded' : 'failed', problem: null, counts, applied })
  return { counts, applied, reason: failure ?? reason }
}

type Staged = Readonly<{ counts: Counts; failure?: string; reason?: string | undefined }>

async function stage(catalogue: Catalogue, loading: Loading, order: LoadOrder): Promise<Staged> {
  const counts = noCounts()
  try {
    await readInto(loading, order, counts, (row, line) => loading.staging.add(row, line))
  } catch (error) {
    if (!(error instanceof TooManyScrapes)) throw error
    return { counts, failure: error.message }
  }
  if (counts.rows > 0 && counts.rejected === counts.rows)
    return { counts, failure: 'Not one line of the file is a row.' }
  counts.duplicate = loading.staging.observe()
  joinAcrossMidnight(loading.staging)
  return { counts, reason: order.hold && reasonToHold(comparisons(catalogue, loading.staging), counts, order.hold) }
}

function commit(loading: Loading, order: LoadOrder, ending: Omit<Ending, 'startedAt' | 'finishedAt'>): LoadRecord {
  return loading.commit({ ...ending, finishedAt: order.now() })
}

function noCounts(): Counts {
  return { rows: 0, duplicate: 0, rejected: 0, warnings: 0 }
}

/** Records that a file was held (then there is a preview) or failed, with its rejects and without touching the catalogue. */
async function recordOnly(
  catalogue: Catalogue,
  order: LoadOrder,
  why: Readonly<{ problem: string; preview: HoldPreview | undefined }>,
): Promise<LoadRecord> {
  using loading = catalogue.begin(order.file, order.now())
  const counts = noCounts()
  await readInto(loading, order, counts, () => {})
  const state = why.preview === undefined ? 'failed' : 'held'
  return commit(loading, order, { ...why, state, counts, applied: nothingApplied() })
}

async function readInto(
  loading: Loading,
  order: LoadOrder,
  counts: Counts,
  take: (row: Row, line: number) => void,
): Promise<void> {
  for await (const lines of readLines(order.bytes(), order.lineBytesMax)) {
    for (const { number, bytes, tooLong } of lines) {
      if (!tooLong && isBlank(bytes)) continue
      counts.rows++
      const row = tooLong ? TOO_LONG : permitted(readRow(bytes), order)
      if (isRejection(row)) {
        counts.rejected++
        loading.reject(number, row, bytes)
      } else {
        counts.warnings += row.warnings.length
        take(row, number)
      }
    }
  }
}

function permitted(row: Row | Rejection, { mayWrite }: LoadOrder): Row | Rejection {
  return isRejection(row) || mayWrite === undefined || mayWrite(row) ? row : NOT_PERMITTED
}

const TOO_LONG: Rejection = { code: 'line_too_long', field: null, reason: REJECT_CODES.line_too_long }

const NOT_PERMITTED: Rejection = {
  code: 'store_not_permitted',
  field: 'metadata.company',
  reason: REJECT_CODES.store_not_permitted,
}

function joinAcrossMidnight(staging: Staging): void {
  for (const [earlier, later] of pairsAcrossMidnight(staging.scrapes))
    if (!staging.haveCommonListing(earlier, later)) staging.merge(earlier, later)
}

function comparisons(catalogue: Catalogue, staging: Staging): Compared[] {
  return staging.scrapes.map((scrape: StagedScrape) => ({
    store: scrape.storeName,
    date: scrape.date,
    rows: staging.listingsOf(scrape),
    rowsBefore: catalogue.rowsBefore(scrape.storeId, scrape.date),
  }))
}
