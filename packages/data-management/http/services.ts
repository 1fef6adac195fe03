/** The services that the routes use. */
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { IntegrityState } from '../database/integrity.ts'
import type { ReceivingContext } from '../inbox/accept.ts'
import type { UnfinishedUploads } from '../inbox/unfinished.ts'
import type { NoticeTargets } from '../notices/receivers/receiver.ts'
import type { PictureCache } from '../pictures/pictures.ts'
import type { SettingView, SystemView } from './routes/system-schema.ts'
import type { ExportRunner } from './threads/export-threads.ts'
import type { QueryRunner } from './threads/query-context.ts'

/** What `/api/system` shows of the program. `shell`: what to type before and after a command's name. */
export type Program = Readonly<{ version: string; settings: readonly SettingView[]; shell: SystemView['shell'] }>

export type Services = Readonly<{
  inbox: ReceivingContext
  /** Unfinished resumable uploads. Without it, `/api/upload/resumable/` does not exist. */
  unfinished?: UnfinishedUploads
  /** The kinds of files that are accepted; by default those that have a loader. */
  kinds?: readonly string[]
  /** Opened read-only: only update-db, in another process, writes to it. */
  catalogue: Catalogue
  /** Runs queries in worker threads, so that slow ones do not block the main thread. */
  queries: QueryRunner
  /** Without it, the routes `/api/export/…` do not exist. */
  exports?: ExportRunner
  /** Product pictures of shops. Without it, `/api/products/{id}/picture` does not exist. */
  pictures?: PictureCache
  /** The result of the integrity check; undefined on PostgreSQL. */
  integrity?: IntegrityState
  /** HOLD_ROWS_SHARE: a scrape with a smaller share of its store's usual rows is partial. */
  partialShare?: number
  /** TIME_ZONE: the time zone in which days begin. */
  zone?: TimeZone
  /** CURRENCY: the currency of prices. */
  currency?: string | undefined
  /** The folder of the built dashboard; without it, only the API is served. */
  pageFolder?: string
  program?: Program
  /** Where notices are sent; without it, none are sent. */
  noticeTargets?: NoticeTargets
}>
