/** What the routes work with. */
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Integrity } from '../database/integrity.ts'
import type { Receiving } from '../inbox/accept.ts'
import type { UnfinishedUploads } from '../inbox/unfinished.ts'
import type { NoticeTargets } from '../notices/receivers/receiver.ts'
import type { Pictures } from '../pictures/pictures.ts'
import type { SettingView, SystemView } from './routes/system-schema.ts'
import type { Exports } from './threads/export-threads.ts'
import type { Questions } from './threads/reading.ts'

/** What the program tells of itself. */
export type Program = Readonly<{ version: string; settings: readonly SettingView[]; shell: SystemView['shell'] }>

export type Services = Readonly<{
  inbox: Receiving
  /** Without it nothing can be resumed: `/api/upload/resumable/` is not there. */
  unfinished?: UnfinishedUploads
  /** The kinds of files that are taken; where nothing is said, those that have a loader. */
  kinds?: readonly string[]
  /** For reading only: loads are made by update-db, in another process. */
  catalogue: Catalogue
  /** What takes long is answered by these, beside the thread that serves everybody. */
  questions: Questions
  /** Without it nothing is exported over HTTP. */
  exports?: Exports
  /** Without it no picture of a shop is shown: `/api/products/{id}/picture` is not there. */
  pictures?: Pictures
  /** Whether the disk has damaged the databases, where they are files. */
  integrity?: Integrity
  /** A scrape with a smaller share of the usual rows is partial: HOLD_ROWS_SHARE. */
  partialShare?: number
  /** In which zone days begin: TIME_ZONE. */
  zone?: TimeZone
  /** In which currency prices are written: CURRENCY. */
  currency?: string | undefined
  /** Where the built page lies; without it only the API is served. */
  pageFolder?: string
  program?: Program
  /** Who is told what needs a person; without it nobody is. */
  telling?: NoticeTargets
}>
