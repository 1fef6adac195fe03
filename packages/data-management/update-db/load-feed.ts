/**
 * Loads one list file (kind `stores` or `barcodes`) into the catalogue, completely or not at all.
 *
 *   lines ─▶ facts ─▶ (held?) ─▶ newest facts ─▶ commit
 *              └───▶ rejects
 */
import type { LoadedKind } from '@splitcart/shared/kinds.ts'
import { isBlank, type Line, LineSplitter } from '@splitcart/shared/lines.ts'
import { NO_REMARKS } from '@splitcart/shared/receipt.ts'
import { isRejection, REJECT_CODES, type Rejection } from '@splitcart/shared/row.ts'
import { holdReason } from '@splitcart/shared/truth/judge.ts'
import { type Catalogue, LoadedMeanwhile, type Loading } from '../catalogue/catalogue.ts'
import type { BarcodeFact, StoreFact } from '../catalogue/load/fact.ts'
import { ListingCache } from '../catalogue/load/listing-cache.ts'
import {
  type LineCounts,
  type LoadChange,
  type LoadOutcome,
  type LoadRecord,
  nothingApplied,
} from '../catalogue/loads.ts'
import { retryConflicts } from '../database/postgres-problems.ts'
import { companyPermissionOf, type MayWrite, writePermissionOf } from '../permission.ts'
import { barcodeFactOf, rowReader, storeFactOf } from './feed-rows.ts'
import { findingsOfFile, holdingFindings, linkedListingsMax, regroupingFinding } from './judgement.ts'
import type { LoadRequest } from './load-file.ts'
import { RAW_BYTES_MAX } from './row-batch-reader.ts'

const FACTS_PER_INSERT = 5_000

/** A kind of list files. */
export type FeedKind = Exclude<LoadedKind, 'products'>

type Fact = StoreFact | BarcodeFact

/** How files of a kind are parsed, and how their facts are inserted. */
type Feed = Readonly<{
  read: (bytes: Buffer) => Fact | Rejection
  add: (facts: readonly Fact[]) => Promise<void>
}>

function feedOf(kind: FeedKind, { facts }: Loading, receivedAt: number): Feed {
  return kind === 'stores'
    ? { read: rowReader(storeFactOf, receivedAt), add: (batch) => facts.addStores(batch as StoreFact[]) }
    : { read: rowReader(barcodeFactOf, receivedAt), add: (batch) => facts.addBarcodes(batch as BarcodeFact[]) }
}

/** Loads the file and returns the committed load record. If the bytes cannot be read, throws and applies nothing. */
export async function loadFeed(kind: FeedKind, catalogue: Catalogue, request: LoadRequest): Promise<LoadRecord> {
  try {
    return await retryConflicts(() => loadOnce(kind, catalogue, request))
  } catch (error) {
    if (error instanceof LoadedMeanwhile) return error.load
    throw error
  }
}

/**
 * Loads the file in one transaction. If the file is held or fails, it is read a second time, with `ended`: then only
 * this ending and the rejects are recorded, and no fact.
 */
async function loadOnce(
  kind: FeedKind,
  catalogue: Catalogue,
  request: LoadRequest,
  ended?: Pick<LoadOutcome, 'state' | 'problem' | 'verdicts'>,
): Promise<LoadRecord> {
  await using loading = await catalogue.begin(request.file, request.now(), new ListingCache())
  const feed = feedOf(kind, loading, request.file.receivedAt)
  const counts = await readInto(ended === undefined ? feed : { ...feed, add: async () => {} }, loading, request)
  if (ended !== undefined) {
    const nothing = { counts: { ...counts, duplicate: 0 }, applied: nothingApplied() }
    return await loading.commit({ ...ended, ...nothing, finishedAt: request.now() })
  }
  if (counts.rows > 0 && counts.rejected === counts.rows)
    return await endUnapplied({ state: 'failed', problem: `Not one line of the file is one of ${kind}.` })
  const { hold, file } = request
  const judged = { hold: hold!, receivedAt: file.receivedAt }
  const verdicts = hold === undefined ? [] : await findingsOfFile(loading, { ...counts, differing: 0 }, judged)
  const reason = hold === undefined ? undefined : holdReason(holdingFindings(verdicts, hold))
  if (reason !== undefined) return await endUnapplied({ state: 'held', problem: reason, verdicts })
  const applied = await applyTo(loading, request)
  const finding = regroupingFinding(applied.regrouped, hold)
  if (finding !== undefined)
    return await endUnapplied({ state: 'held', problem: finding.sentence, verdicts: [finding, ...verdicts] })
  return await loading.commit({ state: 'loaded', problem: null, counts, applied, verdicts, finishedAt: request.now() })

  async function endUnapplied(ending: Pick<LoadOutcome, 'state' | 'problem' | 'verdicts'>): Promise<LoadRecord> {
    await loading[Symbol.asyncDispose]()
    return loadOnce(kind, catalogue, request, ending)
  }
}

function applyTo(loading: Loading, { onlyFor = null, hold }: LoadRequest): Promise<LoadChange> {
  const { regrouped } = nothingApplied()
  return loading.facts.apply({
    mayWrite: companyPermissionOf(onlyFor),
    listingsMax: linkedListingsMax(hold),
    regrouped,
  })
}

async function readInto(feed: Feed, loading: Loading, request: LoadRequest): Promise<LineCounts> {
  const counts: LineCounts = { rows: 0, duplicate: 0, rejected: 0, warnings: 0, remarks: NO_REMARKS }
  const splitter = new LineSplitter(request.lineBytesMax)
  const mayWrite = writePermissionOf(request.onlyFor ?? null)
  let facts: Fact[] = []
  const take = async (line: Line) => {
    if (isBlank(line.bytes)) return
    counts.rows++
    const fact = parseFact(line, feed, mayWrite)
    if (isRejection(fact)) {
      counts.rejected++
      const raw = Uint8Array.from(line.bytes.subarray(0, RAW_BYTES_MAX))
      await loading.reject({ line: line.number, rejection: fact, raw })
    } else if (facts.push(fact) >= FACTS_PER_INSERT) facts = await insertFacts(feed, facts)
  }
  let bytes = 0
  for await (const chunk of request.bytes()) {
    for (const line of splitter.push(chunk)) await take(line)
    bytes += chunk.length
    await request.onBytes?.(bytes)
  }
  const last = splitter.end()
  if (last !== undefined) await take(last)
  await insertFacts(feed, facts)
  counts.duplicate = counts.rows - counts.rejected - loading.facts.insertedCount
  return counts
}

function parseFact({ bytes, tooLong }: Line, { read }: Feed, mayWrite: MayWrite): Fact | Rejection {
  if (tooLong) return { code: 'line_too_long', field: null, reason: REJECT_CODES.line_too_long }
  const fact = read(bytes)
  if (isRejection(fact) || mayWrite(fact.company, 'store' in fact ? fact.store : undefined)) return fact
  return { code: 'store_not_permitted', field: 'company', reason: REJECT_CODES.store_not_permitted }
}

async function insertFacts(feed: Feed, facts: readonly Fact[]): Promise<Fact[]> {
  if (facts.length > 0) await feed.add(facts)
  return []
}
