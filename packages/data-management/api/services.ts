/** What the routes work with. */
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Moment } from '../catalogue/queries/freshness.ts'
import type { Inbox } from '../inbox/accept.ts'
import type { UnfinishedUploads } from '../inbox/unfinished.ts'
import type { SettingView, SystemView } from './system-schema.ts'

const PARTIAL_SHARE = 0.5

/** What the program tells of itself. */
export type Program = Readonly<{ version: string; settings: readonly SettingView[]; shell: SystemView['shell'] }>

export type Services = Readonly<{
  inbox: Inbox
  /** Without it nothing can be resumed: `/api/upload/resumable/` is not there. */
  unfinished?: UnfinishedUploads
  /** For reading only: loads are made by update-db, in another process. */
  catalogue: Catalogue
  /** A scrape with a smaller share of the usual rows is partial: HOLD_ROWS_SHARE. */
  partialShare?: number
  /** Where the built page lies; without it only the API is served. */
  pageFolder?: string
  program?: Program
}>

/** When it is now, and what counts as partial. */
export function momentOf({ inbox, partialShare = PARTIAL_SHARE }: Services): Moment {
  return { now: inbox.now(), partialShare }
}
