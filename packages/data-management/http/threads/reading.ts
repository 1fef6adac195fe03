/** What questions are answered from, and who answers them: threads beside the one that serves everybody. */
import { TimeZone } from '@splitcart/shared/time-zone.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { Moment } from '../../catalogue/queries/freshness.ts'
import type { Receiving } from '../../inbox/accept.ts'

/** What a question may look at; nothing is written. */
export type Reading = Readonly<{
  catalogue: Pick<Catalogue, 'database' | 'findLoad' | 'path'>
  inbox: Pick<Receiving, 'disk' | 'folders' | 'ledger' | 'diskBytesKept' | 'now'>
  /** A scrape with a smaller share of the usual rows is partial: HOLD_ROWS_SHARE. */
  partialShare?: number
  /** In which zone days begin; where nobody says so, UTC. */
  zone?: TimeZone
  /** In which currency prices are written: CURRENCY. */
  currency?: string | undefined
}>

const PARTIAL_SHARE = 0.5

/** When it is now, where days begin, and what counts as partial. */
export function momentOf({ inbox, partialShare = PARTIAL_SHARE, zone = TimeZone.utc }: Reading): Moment {
  return { now: inbox.now(), partialShare, zone }
}

/** What can be asked; `questions.ts` has the answers. */
export type QuestionName =
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
  | 'watchBegun'
  | 'watched'
  | 'watches'

/** Who asks: a key, or the server itself. Whoever goes away aborts the signal. */
export type Asker = Readonly<{ keyId: string | null; now: number; signal?: AbortSignal }>

/** Answers questions. */
export interface Questions extends AsyncDisposable {
  /** The answer as the bytes of its JSON. Throws `answer_late` and `too_many_requests` where it would cost too much. */
  ask(name: QuestionName, question: object, asker: Asker): Promise<Uint8Array<ArrayBuffer>>
}

/** The same, read. For answers that are known to be small. */
export async function askFor<T>(questions: Questions, name: QuestionName, question: object, asker: Asker): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await questions.ask(name, question, asker))) as T
}
