/** Finds what can be ticked off: the entries that need attention now, by their kind and subject in the overview. */
import { isSameCode } from '@splitcart/shared/codes.ts'
import { loadsWithRejectsOf } from '../../catalogue/queries/activity.ts'
import { findStore } from '../../catalogue/queries/find-store.ts'
import type { Tickable } from '../../ledger/ticks.ts'
import type { Reading } from '../threads/reading.ts'
import { ranked, rejectsSince, SOURCE_RANKS, uploadsWanted } from './attention.ts'
import { findingKey, unbelievedFindings } from './findings.ts'
import { sourcesNow } from './freshness.ts'
import type { TickBody } from './ticks-schema.ts'

/** Kind and subject of the entry to tick off. */
export type TickParameters = Pick<TickBody, 'kind' | 'subject'>

/** The entry of this kind and subject that needs attention now; null: there is none. */
export async function tickableNow(reading: Reading, parameters: TickParameters): Promise<{ found: Tickable | null }> {
  return { found: (await found(reading, parameters)) ?? null }
}

function found(reading: Reading, { kind, subject }: TickParameters): Promise<Tickable | undefined> {
  if (kind === 'held' || kind === 'failed') return upload(reading, kind, subject)
  if (kind === 'rejects') return fileWithRejects(reading, subject)
  return kind === 'findings' ? finding(reading, subject) : source(reading, kind, subject)
}

async function upload(reading: Reading, state: 'held' | 'failed', id: string): Promise<Tickable | undefined> {
  const { since, query } = uploadsWanted(reading, state)
  const [listed] = await reading.inbox.ledger.uploads.list({ ...query, ids: [id], limit: 1 })
  if (listed === undefined || listed.received_at < since) return undefined
  return { subject: id, mark: String(listed.settled_at), text: listed.filename }
}

async function fileWithRejects(reading: Reading, subject: string): Promise<Tickable | undefined> {
  const { inbox, catalogue } = reading
  const listed = await inbox.ledger.uploads.find(subject)
  const [load] = await loadsWithRejectsOf(catalogue.database, rejectsSince(reading), [listed?.sha256 ?? subject])
  return load && { subject, mark: '', text: listed?.filename ?? load.filename }
}

async function finding(reading: Reading, subject: string): Promise<Tickable | undefined> {
  const [company = null, rule, field, brief, ...others] = namesIn(subject)
  if (company === null || brief === undefined || others.length > 0) return undefined
  const { first } = await unbelievedFindings(reading, (each) => {
    return isSameCode(each.company, company) && each.rule === rule && each.field === field && each.brief === brief
  })
  const [there] = first
  return there && { subject: findingKey(there), mark: String(there.stores), text: `${there.company}: ${there.brief}` }
}

async function source(
  reading: Reading,
  kind: keyof typeof SOURCE_RANKS,
  subject: string,
): Promise<Tickable | undefined> {
  const names = namesIn(subject)
  const store = names.length === 2 ? await findStore(reading.catalogue.database, names.join('/')) : undefined
  if (store === undefined) return undefined
  const there = (await sourcesNow(reading)).find(({ storeId }) => storeId === store.id)
  if (there === undefined || ranked(there) !== SOURCE_RANKS[kind]) return undefined
  const { company, store_id, last_date } = there
  const text = `${company}/${store_id}, last ${last_date}`
  return { subject: JSON.stringify([company, store_id]), mark: last_date, text }
}

/** The parts of a subject that is a JSON array of names; empty if it is none. */
function namesIn(subject: string): (string | null)[] {
  try {
    const names: unknown = JSON.parse(subject)
    return Array.isArray(names) && names.every((each) => each === null || typeof each === 'string') ? names : []
  } catch {
    return []
  }
}
