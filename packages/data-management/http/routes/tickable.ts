/** Finds entries of the overview by kind and subject, to tick them off. */
import { isSameCode } from '@splitcart/shared/codes.ts'
import { loadsWithRejectsOf } from '../../catalogue/queries/activity.ts'
import { findStore } from '../../catalogue/queries/find-store.ts'
import type { Tickable } from '../../ledger/ticks.ts'
import type { QueryContext } from '../threads/query-context.ts'
import { rejectsCutoff, SOURCE_RANKS, sourceRank, sourceSubject, uploadsNeedingAttention } from './attention.ts'
import { findingKey, unbelievedFindings } from './findings.ts'
import { sourcesNow } from './freshness.ts'
import type { TickBody } from './ticks-schema.ts'

/** The kind and subject of an entry. */
export type TickParameters = Pick<TickBody, 'kind' | 'subject'>

/** The entry of this kind and subject that needs attention now; null: there is none. */
export async function findTickable(context: QueryContext, entry: TickParameters): Promise<{ found: Tickable | null }> {
  return { found: (await findEntry(context, entry)) ?? null }
}

function findEntry(context: QueryContext, { kind, subject }: TickParameters): Promise<Tickable | undefined> {
  if (kind === 'held' || kind === 'failed') return uploadEntry(context, kind, subject)
  if (kind === 'rejects') return rejectsEntry(context, subject)
  return kind === 'findings' ? findingEntry(context, subject) : sourceEntry(context, kind, subject)
}

async function uploadEntry(context: QueryContext, state: 'held' | 'failed', id: string): Promise<Tickable | undefined> {
  const { since, query } = uploadsNeedingAttention(context, state)
  const [listed] = await context.inbox.ledger.uploads.list({ ...query, ids: [id], limit: 1 })
  if (listed === undefined || listed.received_at < since) return undefined
  return { subject: id, mark: String(listed.settled_at), text: listed.filename }
}

async function rejectsEntry(context: QueryContext, subject: string): Promise<Tickable | undefined> {
  const { inbox, catalogue } = context
  const listed = await inbox.ledger.uploads.find(subject)
  const [load] = await loadsWithRejectsOf(catalogue.database, rejectsCutoff(context), [listed?.sha256 ?? subject])
  return load && { subject, mark: '', text: listed?.filename ?? load.filename }
}

async function findingEntry(context: QueryContext, subject: string): Promise<Tickable | undefined> {
  const [company = null, rule, field, brief, ...others] = parseSubject(subject)
  if (company === null || brief === undefined || others.length > 0) return undefined
  const { first } = await unbelievedFindings(context, (each) => {
    return isSameCode(each.company, company) && each.rule === rule && each.field === field && each.brief === brief
  })
  const [there] = first
  return there && { subject: findingKey(there), mark: String(there.stores), text: `${there.company}: ${there.brief}` }
}

async function sourceEntry(
  context: QueryContext,
  kind: keyof typeof SOURCE_RANKS,
  subject: string,
): Promise<Tickable | undefined> {
  const names = parseSubject(subject)
  const store = names.length === 2 ? await findStore(context.catalogue.database, names.join('/')) : undefined
  if (store === undefined) return undefined
  const there = (await sourcesNow(context)).find(({ storeId }) => storeId === store.id)
  if (there === undefined || sourceRank(there) !== SOURCE_RANKS[kind]) return undefined
  const { company, store_id, last_date } = there
  const text = `${company}/${store_id}, last ${last_date}`
  return { subject: sourceSubject(there), mark: last_date, text }
}

/** The names in a subject that is a JSON array; empty if it is none. */
function parseSubject(subject: string): (string | null)[] {
  try {
    const names: unknown = JSON.parse(subject)
    return Array.isArray(names) && names.every((each) => each === null || typeof each === 'string') ? names : []
  } catch {
    return []
  }
}
