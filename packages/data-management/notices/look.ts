/** Finds changes of the conditions that need a person. Read-only. */
import { markOverviewOnly, OVERVIEW_ONLY_KINDS } from '../http/routes/attention.ts'
import { ticksNow } from '../http/routes/ticks.ts'
import type { Reading } from '../http/threads/reading.ts'
import type { Condition, ConditionChanges, RecordedCondition } from '../ledger/conditions.ts'
import type { ActiveTicks, Tick } from '../ledger/ticks.ts'
import { CONDITIONS, type ConditionKind, kindOf } from './conditions.ts'
import type { FoundCondition, LookInput, Outside } from './look-parts.ts'

/** The input of a look. `isWhole`: also the slow kinds, whose cost grows with the number of stores. */
export type LookParameters = Readonly<{ outside: Outside; isWhole: boolean }>

/** `waits`: some recorded conditions have not lasted long enough for a notice; `more`: there are more changes than fit
 * into one answer; `ticksOver`: ticks that no longer apply. */
export type Changed = ConditionChanges & Readonly<{ waits: boolean; more: boolean; ticksOver: readonly Tick[] }>

// A limit, because the server's thread parses the answer and must not be blocked by it.
const ANSWERED_MAX = 2_000

/** The changes compared with the conditions on record. */
export async function conditionChanges(reading: Reading, { outside, isWhole }: LookParameters): Promise<Changed> {
  const kinds = Object.entries<ConditionKind>(CONDITIONS).filter(([, { isSlow }]) => isWhole || !isSlow)
  const all = await reading.inbox.ledger.notices.listOfKinds(kinds.map(([name]) => name))
  const records = Map.groupBy(all, ({ kind }) => kind)
  const appeared: Condition[] = []
  const ticks = await ticksNow(reading)
  const gone: (RecordedCondition & Readonly<{ isSettled: boolean }>)[] = []
  for (const [name, kind] of kinds) {
    const recorded = (records.get(name) ?? []).filter((each) => !kind.isOfMachine || isOf(outside.machine, each))
    const subjects = new Set(recorded.map(({ subject }) => subject))
    const found = await foundBy([name, kind], { reading, outside, recorded: subjects }, ticks)
    const now = found.filter(({ isSettled }) => isSettled !== true)
    const still = new Set(now.map(({ subject }) => subject))
    const settled = new Set(found.filter(({ isSettled }) => isSettled === true).map(({ subject }) => subject))
    for (const { kind, subject, text, data } of now)
      if (!subjects.has(subject)) appeared.push({ kind, subject, text, data })
    for (const each of recorded)
      if (!still.has(each.subject)) gone.push({ ...each, isSettled: settled.has(each.subject) })
  }
  if (isWhole) await markOverviewOnly(reading, ticks)
  return {
    appeared: appeared.slice(0, ANSWERED_MAX),
    gone: gone.slice(0, ANSWERED_MAX).map(({ kind, subject, text, isSettled }) => {
      return { kind, subject, text: isSettled ? null : (kindOf(kind)?.overText?.({ subject, text }) ?? null) }
    }),
    ticksOver: ticks.lapsed(new Set([...kinds.map(([name]) => name), ...(isWhole ? OVERVIEW_ONLY_KINDS : [])])),
    waits: all.some(({ told_at }) => told_at === null),
    more: appeared.length > ANSWERED_MAX || gone.length > ANSWERED_MAX,
  }
}

/** All conditions that hold now, on record or not, except settled ones. */
export async function conditionsNow(reading: Reading, outside: Outside): Promise<Condition[]> {
  const found: Condition[] = []
  const ticks = await ticksNow(reading)
  for (const kind of Object.entries<ConditionKind>(CONDITIONS))
    for (const each of await foundBy(kind, { reading, outside, recorded: new Set() }, ticks))
      if (each.isSettled !== true) found.push(each)
  return found
}

/** The conditions of one kind; those that are ticked off are marked as settled. */
async function foundBy(
  [name, kind]: readonly [string, ConditionKind],
  looked: Omit<LookInput, 'ticked'>,
  ticks: ActiveTicks,
): Promise<FoundCondition[]> {
  const found = await kind.look({ ...looked, ticked: new Set(ticks.ofKind(name).map(({ subject }) => subject)) })
  return found.map((each) => ({ ...each, isSettled: each.isSettled === true || ticks.covers(each, each.mark) }))
}

function isOf(machine: string, { subject }: RecordedCondition): boolean {
  return subject === machine || subject.startsWith(`${machine} `)
}
