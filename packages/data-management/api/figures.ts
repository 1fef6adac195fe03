/** What monitoring wants to know of the databases, counted in one go. */
import type { UploadState } from '@splitcart/shared/receipt.ts'
import type { Backlog } from '../ledger/counts.ts'
import type { Reading } from './reading.ts'
import { countSources } from './sources.ts'

/** Uploads and sources by their states, and what waits to be loaded. */
export type Figures = Readonly<{
  uploads: Readonly<Record<UploadState, number>>
  waiting: Backlog
  sources: Awaited<ReturnType<typeof countSources>>
}>

/** Counts. */
export async function figuresNow(reading: Reading): Promise<Figures> {
  const { uploads } = reading.inbox.ledger
  return {
    uploads: await uploads.countByState(),
    waiting: await uploads.waiting(),
    sources: await countSources(reading),
  }
}
