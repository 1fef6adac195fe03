/** The services that the routes use. */
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Integrity } from '../database/integrity.ts'
import type { ReceivingContext } from '../inbox/accept.ts'
import type { UnfinishedUploads } from '../inbox/unfinished.ts'
import type { NoticeTargets } from '../notices/receivers/receiver.ts'
import type { Pictures } from '../pictures/pictures.ts'
import type { SettingView, SystemView } from './routes/system-schema.ts'
import type { Exports } from './threads/export-threads.ts'
import type { QueryRunner } from './threads/reading.ts'

/** What `/api/system` shows of the program: version, settings and shell. */
export type Program = Readonly<{ version: string; settings: readonly SettingView[]; shell: SystemView['shell'] }>

export type Services = Readonly<{
  inbox: ReceivingContext
  /** Unfinished resumable uploads. Without it, `/api/upload/resumable/` does not exist. */
  unfinished?: UnfinishedUploads
  /** The kinds of files that are accepted; by default those that have a loader. */
  kinds?: readonly string[]
  /** Read-only: update-db loads files, in another process. */
  catalogue: Catalogue
  /** Runs slow queries in worker threads, so that they do not block the main thread. */
  queries: QueryRunner
  /** Without it, nothing is exported over HTTP. */
  exports?: Exports
  /** The shops' product pictures. Without it, `/api/products/{id}/picture` does not exist. */
  pictures?: Pictures
  /** Result of the integrity check of the databases, where they are files. */
  integrity?: Integrity
  /** A scrape with a smaller share of the usual rows is partial: HOLD_ROWS_SHARE. */
  partialShare?: number
  /** The time zone in which days begin: TIME_ZONE. */
  zone?: TimeZone
  /** The currency of prices: CURRENCY. */
  currency?: string | undefined
  /** Folder of the built dashboard; without it, only the API is served. */
  pageFolder?: string
  program?: Program
  /** Where notices are sent; without it, none are sent. */
  noticeTargets?: NoticeTargets
}>
