/** What of stores, uploads and findings needs attention now; what people have ticked off stands apart. */
import type { Static } from 'typebox'
import { countLoadsWithRejects, loadsWithRejects } from '../catalogue/queries/activity.ts'
import type { Source } from '../catalogue/queries/sources.ts'
import { COUNT_MAX, countOf } from '../catalogue/queries/with-words.ts'
import type { TicksNow } from '../ledger/ticks.ts'
import { unbelievedFindings } from './findings.ts'
import type { OVERVIEW_RESPONSE } from './overview-schema.ts'
import { momentOf, type Reading } from './reading.ts'
import { told } from './sources.ts'
import { ticksNow, tickView } from './ticks.ts'

const DAY_MS = 86_400_000
const REJECTS_DAYS = 3
const FAILED_DAYS = 7
const FIRST_MAX = 10
const FINDINGS_MAX = 300

type Attention = Omit<Static<typeof OVERVIEW_RESPONSE>['attention'], 'disk' | 'loader'>
type Counted = Readonly<{ count: number; exact: boolean }>

/** All of it but what the machine needs. */
export async function attentionNow(services: Reading, sources: readonly Source[]): Promise<Attention> {
  const ticks = await ticksNow(services)
  const { now } = momentOf(services)
  const found = {
    ...onSources(sources, ticks),
    held: await latestUploads(services, { state: 'held', since: 0 }, ticks),
    failed: await latestUploads(services, { state: 'failed', since: now - FAILED_DAYS * DAY_MS }, ticks),
    findings: await findings(services, ticks),
    rejects: await rejects(services, now - REJECTS_DAYS * DAY_MS, ticks),
  }
  return { ...found, ticked: [...ticks.found].map(tickView) }
}

/** The worst first. What is snoozed or retired is no worse than what is good. */
export function ranked({ state, is_partial }: Source): number {
  return state === 'silent' ? 0 : state === 'late' ? 1 : state === 'good' && is_partial ? 2 : 3
}

function onSources(sources: readonly Source[], ticks: TicksNow): Pick<Attention, 'silent' | 'late' | 'partial'> {
  const those = (kind: 'silent' | 'late' | 'partial', rank: number) => {
    const found = sources
      .filter((source) => ranked(source) === rank)
      .filter(({ company, store_id, last_date }) => {
        return !ticks.covers({ kind, subject: JSON.stringify([company, store_id]) }, last_date)
      })
    return { count: found.length, exact: true, first: found.slice(0, FIRST_MAX).map(told) }
  }
  return { silent: those('silent', 0), late: those('late', 1), partial: those('partial', 2) }
}

type Wanted = Readonly<{ state: 'held' | 'failed'; since: number }>

async function latestUploads({ inbox: { ledger } }: Reading, { state, since }: Wanted, ticks: TicksNow) {
  const { uploads } = ledger
  const count = countOf(await uploads.countSince(since, COUNT_MAX + 1, state))
  const ids = ticks.of(state).map(({ subject }) => subject)
  const named = ids.length === 0 ? [] : await uploads.list({ state, ids, limit: ids.length })
  const off = named
    .filter(({ received_at }) => received_at >= since)
    .filter(({ id, settled_at }) => ticks.covers({ kind: state, subject: id }, String(settled_at)))
  const isOff = new Set(off.map(({ id }) => id))
  const found = count.count === 0 ? [] : await uploads.list({ state, limit: FIRST_MAX + isOff.size })
  const rest = less(count, off.length)
  const first = found
    .filter(({ id, received_at }) => !isOff.has(id) && received_at >= since)
    .slice(0, FIRST_MAX)
    .map(({ id, filename, received_at, load }) => {
      const problem = load === null ? null : (JSON.parse(load) as { problem: string | null }).problem
      return { upload_id: id, filename, received_at: new Date(received_at).toISOString(), problem }
    })
  return { ...rest, first }
}

async function findings(services: Reading, ticks: TicksNow): Promise<Attention['findings']> {
  const areTicked = ticks.of('findings').length > 0
  const { first, ...count } = await unbelievedFindings(services, areTicked ? FINDINGS_MAX : FIRST_MAX)
  const rest = first.filter(({ company, rule, field, brief }) => {
    return !ticks.covers({ kind: 'findings', subject: JSON.stringify([company, rule, field, brief]) }, '')
  })
  return { ...less(count, first.length - rest.length), first: rest.slice(0, FIRST_MAX) }
}

async function rejects({ inbox, catalogue: { database } }: Reading, from: number, ticks: TicksNow) {
  const limit = FIRST_MAX + ticks.of('rejects').length
  const loads = await loadsWithRejects(database, from, limit)
  const ids = await inbox.ledger.uploads.idsOf(loads.map(({ sha256 }) => sha256))
  const found = loads.map(({ sha256, filename, finished_at, rows, rejected }) => {
    const at = new Date(finished_at).toISOString()
    return { upload_id: ids.get(sha256) ?? null, filename, finished_at: at, rows, rejected }
  })
  const rest = found.filter(({ upload_id }) => {
    return upload_id === null || !ticks.covers({ kind: 'rejects', subject: upload_id }, '')
  })
  const count = countOf(await countLoadsWithRejects(database, from, COUNT_MAX + 1))
  return { ...less(count, found.length - rest.length), first: rest.slice(0, FIRST_MAX) }
}

/** Of what is counted only so far, nobody knows how many are left. */
function less({ count, exact }: Counted, off: number): Counted {
  return { count: exact ? count - off : count, exact }
}
