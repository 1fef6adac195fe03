/** Compares the conditions that hold now with those on record. Read-only. */
import { markOverviewOnly, OVERVIEW_ONLY_KINDS } from '../http/routes/attention.ts'
import { activeTicks } from '../http/routes/ticks.ts'
import type { QueryContext } from '../http/threads/query-context.ts'
import type { Condition, ConditionChanges, RecordedCondition } from '../ledger/conditions.ts'
import type { ActiveTicks, Tick } from '../ledger/ticks.ts'
import type { ConditionInput, FoundCondition, ServerFacts } from './condition-input.ts'
import { CONDITIONS, type ConditionKind, conditionKind } from './conditions.ts'

/** The parameters of a comparison. `includesSlow`: also of the slow kinds (`isSlow`). */
export type ConditionsParameters = Readonly<{ serverFacts: ServerFacts; includesSlow: boolean }>

/**
 * The differences. `waits`: some conditions on record have not lasted long enough for a notice; `more`: there are more
 * changes than fit into one answer; `ticksOver`: ticks that no longer apply.
 */
export type DetectedChanges = ConditionChanges & Readonly<{ waits: boolean; more: boolean; ticksOver: readonly Tick[] }>

// A limit, because the server's thread parses the answer and must not be blocked by it.
const CHANGES_MAX = 2_000

/** The conditions that have appeared or gone since they were last recorded. */
export async function conditionChanges(
  context: QueryContext,
  { serverFacts, includesSlow }: ConditionsParameters,
): Promise<DetectedChanges> {
  const kinds = Object.entries<ConditionKind>(CONDITIONS).filter(([, { isSlow }]) => includesSlow || !isSlow)
  const all = await context.inbox.ledger.notices.listOfKinds(kinds.map(([name]) => name))
  const records = Map.groupBy(all, ({ kind }) => kind)
  const appeared: Condition[] = []
  const ticks = await activeTicks(context)
  const gone: (RecordedCondition & Readonly<{ isSettled: boolean }>)[] = []
  for (const [name, kind] of kinds) {
    const recorded = (records.get(name) ?? []).filter(
      (each) => !kind.isOfMachine || belongsTo(serverFacts.machine, each),
    )
    const subjects = new Set(recorded.map(({ subject }) => subject))
    const found = await conditionsOfKind([name, kind], { context, serverFacts, recorded: subjects }, ticks)
    const now = found.filter(({ isSettled }) => isSettled !== true)
    const present = new Set(now.map(({ subject }) => subject))
    const settled = new Set(found.filter(({ isSettled }) => isSettled === true).map(({ subject }) => subject))
    for (const { kind, subject, text, data } of now)
      if (!subjects.has(subject)) appeared.push({ kind, subject, text, data })
    for (const each of recorded)
      if (!present.has(each.subject)) gone.push({ ...each, isSettled: settled.has(each.subject) })
  }
  if (includesSlow) await markOverviewOnly(context, ticks)
  return {
    appeared: appeared.slice(0, CHANGES_MAX),
    gone: gone.slice(0, CHANGES_MAX).map(({ kind, subject, text, isSettled }) => {
      return { kind, subject, text: isSettled ? null : (conditionKind(kind)?.overText?.({ subject, text }) ?? null) }
    }),
    ticksOver: ticks.lapsed(new Set([...kinds.map(([name]) => name), ...(includesSlow ? OVERVIEW_ONLY_KINDS : [])])),
    waits: all.some(({ told_at }) => told_at === null),
    more: appeared.length > CHANGES_MAX || gone.length > CHANGES_MAX,
  }
}

/** All conditions that hold now, on record or not, except those that a person has settled. */
export async function currentConditions(context: QueryContext, serverFacts: ServerFacts): Promise<Condition[]> {
  const found: Condition[] = []
  const ticks = await activeTicks(context)
  for (const kind of Object.entries<ConditionKind>(CONDITIONS))
    for (const each of await conditionsOfKind(kind, { context, serverFacts, recorded: new Set() }, ticks))
      if (each.isSettled !== true) found.push(each)
  return found
}

/** The conditions of one kind; those that are ticked off are marked as settled. */
async function conditionsOfKind(
  [name, kind]: readonly [string, ConditionKind],
  input: Omit<ConditionInput, 'ticked'>,
  ticks: ActiveTicks,
): Promise<FoundCondition[]> {
  const found = await kind.find({ ...input, ticked: new Set(ticks.ofKind(name).map(({ subject }) => subject)) })
  return found.map((each) => ({ ...each, isSettled: each.isSettled === true || ticks.covers(each, each.mark) }))
}

function belongsTo(machine: string, { subject }: RecordedCondition): boolean {
  return subject === machine || subject.startsWith(`${machine} `)
}
