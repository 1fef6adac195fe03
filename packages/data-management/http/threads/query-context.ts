/** The interface to the queries that run in worker threads: their names, their input, and how they are run. */
import { TimeZone } from '@splitcart/shared/time-zone.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { FreshnessContext } from '../../catalogue/queries/freshness.ts'
import type { ReceivingContext } from '../../inbox/accept.ts'

/** What a query gets to read: databases, folders, the time and some settings. A query writes nothing. */
export type QueryContext = Readonly<{
  catalogue: Pick<Catalogue, 'database' | 'findLoad' | 'path'>
  inbox: Pick<ReceivingContext, 'disk' | 'folders' | 'ledger' | 'diskBytesKept' | 'now'>
  /** HOLD_ROWS_SHARE: a scrape with a smaller share of its store's usual rows is partial. */
  partialShare?: number
  /** TIME_ZONE: the time zone in which days begin; by default UTC. */
  zone?: TimeZone
  /** CURRENCY: the currency of prices. */
  currency?: string | undefined
}>

const PARTIAL_SHARE = 0.5

/** What the freshness of a store depends on besides its scrapes: time, time zone, and the share for partial scrapes. */
export function freshnessContext({
  inbox,
  partialShare = PARTIAL_SHARE,
  zone = TimeZone.utc,
}: QueryContext): FreshnessContext {
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

/** For whom a query runs. `keyId` null: for the server itself; `signal`: aborts when the client disconnects. */
export type Asker = Readonly<{ keyId: string | null; now: number; signal?: AbortSignal }>

/** Runs queries by name. */
export interface QueryRunner extends AsyncDisposable {
  /** The answer as JSON. Throws `answer_late` or `too_many_requests` if the query or the key exceeds its limits. */
  run(name: QueryName, parameters: object, asker: Asker): Promise<Uint8Array<ArrayBuffer>>
}

/** Runs a query and parses its answer, which must be known to be small. */
export async function runQuery<T>(queries: QueryRunner, name: QueryName, parameters: object, asker: Asker): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await queries.run(name, parameters, asker))) as T
}
