/** The interface to queries that run in worker threads, and the data that they read. */
import { TimeZone } from '@splitcart/shared/time-zone.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { FreshnessContext } from '../../catalogue/queries/freshness.ts'
import type { ReceivingContext } from '../../inbox/accept.ts'

/** The data that a query may read; it writes nothing. */
export type Reading = Readonly<{
  catalogue: Pick<Catalogue, 'database' | 'findLoad' | 'path'>
  inbox: Pick<ReceivingContext, 'disk' | 'folders' | 'ledger' | 'diskBytesKept' | 'now'>
  /** A scrape with a smaller share of the usual rows is partial: HOLD_ROWS_SHARE. */
  partialShare?: number
  /** The time zone in which days begin; by default UTC. */
  zone?: TimeZone
  /** The currency of prices: CURRENCY. */
  currency?: string | undefined
}>

const PARTIAL_SHARE = 0.5

/** The current time, the time zone of days, and the share below which a scrape is partial. */
export function momentOf({ inbox, partialShare = PARTIAL_SHARE, zone = TimeZone.utc }: Reading): FreshnessContext {
  return { now: inbox.now(), partialShare, zone }
}

/** The names of the queries; `queries.ts` has their functions. */
export type QueryName =
  | 'barcodes'
  | 'chainHistories'
  | 'changeLines'
  | 'changes'
  | 'conditions'
  | 'figures'
  | 'findings'
  | 'notices'
  | 'overview'
  | 'preview'
  | 'prices'
  | 'product'
  | 'products'
  | 'references'
  | 'rejectGroups'
  | 'rejectLines'
  | 'rejectsOfUpload'
  | 'requested'
  | 'scrapes'
  | 'sent'
  | 'sortedUploads'
  | 'sources'
  | 'stores'
  | 'suggestions'
  | 'tickable'
  | 'uploads'
  | 'waitingByKey'
  | 'watchBaseline'
  | 'watched'
  | 'watches'

/** On whose behalf a query runs; `keyId` null: the server itself. `signal` aborts when the client disconnects. */
export type Asker = Readonly<{ keyId: string | null; now: number; signal?: AbortSignal }>

/** Runs queries. */
export interface QueryRunner extends AsyncDisposable {
  /** The answer as bytes of JSON. Throws `answer_late` or `too_many_requests` if query or key exceed their limits. */
  run(name: QueryName, parameters: object, asker: Asker): Promise<Uint8Array<ArrayBuffer>>
}

/** Runs a query and parses its answer; only for answers known to be small. */
export async function runQuery<T>(queries: QueryRunner, name: QueryName, parameters: object, asker: Asker): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await queries.run(name, parameters, asker))) as T
}
