/** Reads the figures for monitoring (`GET /metrics`) from both databases. */
import type { UploadState } from '@splitcart/shared/receipt.ts'
import { type CatalogueTotals, catalogueTotals } from '../../catalogue/queries/activity.ts'
import type { Source } from '../../catalogue/queries/sources.ts'
import type { Backlog, LoadTotals } from '../../ledger/counts.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { MachineTotals } from '../../ledger/machines.ts'
import { listReceivers } from '../../ledger/notice-outbox.ts'
import { CONDITIONS } from '../../notices/conditions.ts'
import type { QueryContext } from '../threads/query-context.ts'
import { sourcesNow } from './freshness.ts'
import { readDatabaseSizes } from './machine.ts'
import type { SystemView } from './system-schema.ts'

/** A limit, because each source makes a time series, which monitoring systems store permanently. */
const SOURCES_MAX = 2_000

/** Figures for monitoring. Times are in milliseconds since 1970; null: never. */
export type MonitoringFigures = Readonly<{
  uploads: Readonly<Record<UploadState, number>>
  waiting: Backlog
  loads: LoadTotals
  lastLoad: number | null
  lastBackup: number | null
  keyExpiry: number | null
  /** Totals of the latest heartbeats of scraping machines. */
  machines: MachineTotals
  sources: Readonly<Record<Source['state'], number>>
  /** `conditions`: conditions on record, by kind. `undelivered`: notices not yet delivered, by receiver. */
  conditions: Readonly<Record<string, number>>
  undelivered: Readonly<Record<string, number>>
  /** When the latest scrape of each source was received, for the first `SOURCES_MAX` sources. */
  lastScrapes: readonly Readonly<{ company: string; store: string; at: number }>[]
  catalogue: CatalogueTotals
  databases: SystemView['databases']
}>

/** The number of conditions on record of each kind; 0 for kinds without any. */
async function countConditions(ledger: Pick<Ledger, 'notices'>): Promise<Record<string, number>> {
  const none = Object.fromEntries(Object.keys(CONDITIONS).map((name) => [name, 0]))
  return { ...none, ...(await ledger.notices.countByKind()) }
}

/** Reads all figures. */
export async function readFigures(context: QueryContext): Promise<MonitoringFigures> {
  const { ledger } = context.inbox
  const sources = await sourcesNow(context)
  const counts = { good: 0, late: 0, silent: 0, snoozed: 0, retired: 0 }
  for (const { state } of sources) counts[state]++
  return {
    uploads: await ledger.uploads.countByState(),
    waiting: await ledger.uploads.backlog(),
    loads: await ledger.uploads.loadTotals(),
    lastLoad: await ledger.uploads.lastSettled(),
    lastBackup: (await ledger.latestBackup())?.at ?? null,
    keyExpiry: await ledger.nextKeyExpiry(context.inbox.now()),
    machines: await ledger.machines.totals(context.inbox.now()),
    sources: counts,
    conditions: await countConditions(ledger),
    undelivered: Object.fromEntries(
      (await listReceivers(ledger.notices.database)).map((each) => [each.name, each.waiting]),
    ),
    lastScrapes: sources
      .slice(0, SOURCES_MAX)
      .map(({ company, store_id, receivedAt }) => ({ company, store: store_id, at: receivedAt })),
    catalogue: await catalogueTotals(context.catalogue.database),
    databases: await readDatabaseSizes(context),
  }
}
