/** Reads which stores, uploads and findings need attention now. Those that are ticked off are listed separately. */
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { Static } from 'typebox'
import { countLoadsWithRejects, loadsWithRejects, loadsWithRejectsOf } from '../../catalogue/queries/activity.ts'
import type { ChainFinding } from '../../catalogue/queries/findings.ts'
import { type Source, sourceView } from '../../catalogue/queries/sources.ts'
import { COUNT_MAX, cappedCount } from '../../catalogue/queries/word-index.ts'
import type { ActiveTicks } from '../../ledger/ticks.ts'
import { freshnessContext, type QueryContext } from '../threads/query-context.ts'
import { findingKey, unbelievedFindings } from './findings.ts'
import { sourcesNow } from './freshness.ts'
import type { OVERVIEW_RESPONSE } from './overview-schema.ts'
import { activeTicks, ticksView } from './ticks.ts'

const REJECTS_DAYS = 3
const FAILED_DAYS = 7
// Failed uploads are counted only up to this number, since each of them has to be read.
const FAILED_MAX = 1_000
const FIRST_MAX = 10

type Attention = Omit<Static<typeof OVERVIEW_RESPONSE>['attention'], 'disk' | 'loader'>
type BoundedCount = Readonly<{ count: number; exact: boolean }>

/** Everything that needs attention, except disk and loader. */
export async function readAttention(context: QueryContext, sources: readonly Source[]): Promise<Attention> {
  const ticks = await activeTicks(context)
  const found = {
    ...sourceEntries(sources, ticks),
    held: await latestUploads(context, 'held', ticks),
    failed: await latestUploads(context, 'failed', ticks),
    findings: await findingEntries(context, ticks),
    rejects: await rejectEntries(context, ticks),
  }
  return { ...found, ...ticksView(ticks.covering()) }
}

/** Kinds of entries that only the overview shows: no notices are sent for them. */
export const OVERVIEW_ONLY_KINDS: readonly string[] = ['late', 'partial', 'rejects']

/** Marks the ticks of `OVERVIEW_ONLY_KINDS` whose entries still need attention, so that they are not over. */
export async function markOverviewOnly(context: QueryContext, ticks: ActiveTicks): Promise<void> {
  if (!OVERVIEW_ONLY_KINDS.some((kind) => ticks.ofKind(kind).length > 0)) return
  sourceEntries(await sourcesNow(context), ticks)
  await tickedRejects(context, ticks)
}

/** The ledger query for uploads that need attention: all held ones, and recently failed ones without a decision. */
export function uploadsNeedingAttention(context: QueryContext, state: 'held' | 'failed') {
  if (state === 'held') return { since: 0, countMax: COUNT_MAX, query: { state } }
  return { since: daysBefore(context, FAILED_DAYS), countMax: FAILED_MAX, query: { state, undecided: true } }
}

/** Files with rejected rows need attention if they were loaded at this time or later. */
export function rejectsCutoff(context: QueryContext): number {
  return daysBefore(context, REJECTS_DAYS)
}

function daysBefore(context: QueryContext, days: number): number {
  return freshnessContext(context).now - days * DAY_MS
}

/** Identifies a source, as the subject of conditions and ticks. */
export function sourceSubject({ company, store_id }: Pick<Source, 'company' | 'store_id'>): string {
  return JSON.stringify([company, store_id])
}

/** The ranks of sources that need attention; the worst has the lowest. */
export const SOURCE_RANKS = { silent: 0, late: 1, partial: 2 } as const

/** The rank of a source; the worst has the lowest. It is 3 if the source is good, snoozed or retired. */
export function sourceRank({ state, is_partial }: Source): number {
  if (state === 'silent' || state === 'late') return SOURCE_RANKS[state]
  return state === 'good' && is_partial ? SOURCE_RANKS.partial : 3
}

function sourceEntries(sources: readonly Source[], ticks: ActiveTicks): Pick<Attention, 'silent' | 'late' | 'partial'> {
  const those = (kind: keyof typeof SOURCE_RANKS) => {
    const found = sources
      .filter((source) => sourceRank(source) === SOURCE_RANKS[kind])
      .filter(({ company, store_id, last_date }) => {
        return !ticks.covers({ kind, subject: sourceSubject({ company, store_id }) }, last_date)
      })
    return { count: found.length, exact: true, first: found.slice(0, FIRST_MAX).map(sourceView) }
  }
  return { silent: those('silent'), late: those('late'), partial: those('partial') }
}

async function latestUploads(context: QueryContext, state: 'held' | 'failed', ticks: ActiveTicks) {
  const { uploads } = context.inbox.ledger
  const { since, countMax, query } = uploadsNeedingAttention(context, state)
  const count = cappedCount(await uploads.countSince(since, countMax + 1, query), countMax)
  const ids = ticks.ofKind(state).map(({ subject }) => subject)
  const named = ids.length === 0 ? [] : await uploads.listBriefly({ ...query, ids, limit: ids.length })
  const off = named
    .filter(({ received_at }) => received_at >= since)
    .filter(({ id, settled_at }) => ticks.covers({ kind: state, subject: id }, String(settled_at)))
  const isOff = new Set(off.map(({ id }) => id))
  const newest = count.count === 0 ? [] : await uploads.listBriefly({ ...query, limit: FIRST_MAX + isOff.size })
  const shown = newest
    .filter(({ id, received_at }) => !isOff.has(id) && received_at >= since)
    .slice(0, FIRST_MAX)
    .map(({ id }) => id)
  const found = shown.length === 0 ? [] : await uploads.list({ ids: shown, limit: shown.length })
  const rest = subtract(count, off.length)
  const first = found.map(({ id, filename, received_at, load }) => {
    const problem = load === null ? null : (JSON.parse(load) as { problem: string | null }).problem
    return { upload_id: id, filename, received_at: new Date(received_at).toISOString(), problem }
  })
  return { ...rest, first }
}

async function findingEntries(context: QueryContext, ticks: ActiveTicks): Promise<Attention['findings']> {
  const ticked = new Set(ticks.ofKind('findings').map(({ subject }) => subject))
  const max = FIRST_MAX + ticked.size
  const isMeant = (finding: ChainFinding, index: number) => index < max || ticked.has(findingKey(finding))
  const { first, ...count } = await unbelievedFindings(context, isMeant)
  const rest = first.filter(
    (finding) => !ticks.covers({ kind: 'findings', subject: findingKey(finding) }, String(finding.stores)),
  )
  return { ...subtract(count, first.length - rest.length), first: rest.slice(0, FIRST_MAX) }
}

async function rejectEntries(context: QueryContext, ticks: ActiveTicks): Promise<Attention['rejects']> {
  const { inbox, catalogue } = context
  const since = rejectsCutoff(context)
  const off = await tickedRejects(context, ticks)
  const loads = await loadsWithRejects(catalogue.database, since, FIRST_MAX + off.size)
  const rest = loads.filter(({ sha256 }) => !off.has(sha256)).slice(0, FIRST_MAX)
  const ids = await inbox.ledger.uploads.idsOf(rest.map(({ sha256 }) => sha256))
  const first = rest.map(({ sha256, filename, finished_at, rows, rejected }) => {
    const at = new Date(finished_at).toISOString()
    return { upload_id: ids.get(sha256) ?? null, sha256, filename, finished_at: at, rows, rejected }
  })
  const count = cappedCount(await countLoadsWithRejects(catalogue.database, since, COUNT_MAX + 1))
  return { ...subtract(count, off.size), first }
}

/** The SHA-256 of recently loaded files whose rejected rows are ticked off. */
async function tickedRejects(context: QueryContext, ticks: ActiveTicks): Promise<ReadonlySet<string>> {
  const { inbox, catalogue } = context
  const subjects = ticks.ofKind('rejects').map(({ subject }) => subject)
  const known = new Map((await inbox.ledger.uploads.findAll(subjects)).map(({ id, sha256 }) => [id, sha256]))
  const files = subjects.map((subject) => known.get(subject) ?? subject)
  const loads = await loadsWithRejectsOf(catalogue.database, rejectsCutoff(context), files)
  const there = new Set(loads.map(({ sha256 }) => sha256))
  return new Set(
    files.filter(
      (sha256, index) => there.has(sha256) && ticks.covers({ kind: 'rejects', subject: subjects[index]! }, ''),
    ),
  )
}

/** Subtracts from an exact count. A count that stopped at its limit stays as it is. */
function subtract({ count, exact }: BoundedCount, off: number): BoundedCount {
  return { count: exact ? count - off : count, exact }
}
