/** Looks whether what needs a person has changed. Nothing is written here. */
import type { Reading } from '../api/reading.ts'
import type { Condition, ConditionChanges, RecordedCondition } from '../ledger/notices.ts'
import { CONDITIONS, type ConditionKind, kindOf } from './conditions.ts'
import type { Outside } from './looked.ts'

/** What is asked. `isWhole`: also what costs more the more stores there are. */
export type LookQuestion = Readonly<{ outside: Outside; isWhole: boolean }>

/** `waits`: some that are on record have not lasted long enough to be told; `more`: there are others than an answer has room for. */
export type Changed = ConditionChanges & Readonly<{ waits: boolean; more: boolean }>

const ANSWERED_MAX = 10_000

/** What has changed since what is on record. */
export async function conditionChanges(reading: Reading, { outside, isWhole }: LookQuestion): Promise<Changed> {
  const kinds = Object.entries<ConditionKind>(CONDITIONS).filter(([, { isSlow }]) => isWhole || !isSlow)
  const all = await reading.inbox.ledger.notices.recorded(kinds.map(([name]) => name))
  const records = Map.groupBy(all, ({ kind }) => kind)
  const appeared: Condition[] = []
  const gone: RecordedCondition[] = []
  for (const [name, kind] of kinds) {
    const recorded = (records.get(name) ?? []).filter((each) => !kind.isOfMachine || isOf(outside.machine, each))
    const subjects = new Set(recorded.map(({ subject }) => subject))
    const now = await kind.look({ reading, outside, recorded: subjects })
    const still = new Set(now.map(({ subject }) => subject))
    for (const each of now) if (!subjects.has(each.subject)) appeared.push(each)
    for (const each of recorded) if (!still.has(each.subject)) gone.push(each)
  }
  return {
    appeared: appeared.slice(0, ANSWERED_MAX),
    gone: gone.slice(0, ANSWERED_MAX).map(({ kind, subject, text }) => {
      return { kind, subject, text: kindOf(kind)?.overText?.({ subject, text }) ?? null }
    }),
    waits: all.some(({ told_at }) => told_at === null),
    more: appeared.length > ANSWERED_MAX || gone.length > ANSWERED_MAX,
  }
}

/** All that needs a person now, whether it is on record or not. */
export async function conditionsNow(reading: Reading, outside: Outside): Promise<Condition[]> {
  const found: Condition[] = []
  for (const kind of Object.values<ConditionKind>(CONDITIONS))
    for (const each of await kind.look({ reading, outside, recorded: new Set() })) found.push(each)
  return found
}

function isOf(machine: string, { subject }: RecordedCondition): boolean {
  return subject === machine || subject.startsWith(`${machine} `)
}
