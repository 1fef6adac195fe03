/** Looks whether what needs a person has changed. Nothing is written here. */
import type { Reading } from '../api/reading.ts'
import type { Condition, ConditionChanges, ConditionRecord } from '../ledger/notices.ts'
import { CONDITIONS, type ConditionKind } from './conditions.ts'
import type { Outside } from './looked.ts'

/** What is asked. `isWhole`: also what costs more the more stores there are. */
export type LookQuestion = Readonly<{ outside: Outside; isWhole: boolean }>

/** So many changes are told at once; `more`: there are others. */
export type Changed = ConditionChanges & Readonly<{ more: boolean }>

const AT_ONCE_MAX = 300

/** What has changed since what is on record. */
export async function conditionChanges(reading: Reading, { outside, isWhole }: LookQuestion): Promise<Changed> {
  const records = Map.groupBy(await reading.inbox.ledger.notices.conditions(), ({ kind }) => kind)
  const appeared: Condition[] = []
  const gone: ConditionRecord[] = []
  for (const [name, kind] of Object.entries<ConditionKind>(CONDITIONS)) {
    if (kind.isSlow && !isWhole) continue
    const recorded = (records.get(name) ?? []).filter((each) => !kind.isOfMachine || isOf(outside.machine, each))
    const subjects = new Set(recorded.map(({ subject }) => subject))
    const now = await kind.look({ reading, outside, recorded: subjects })
    const still = new Set(now.map(({ subject }) => subject))
    appeared.push(...now.filter(({ subject }) => !subjects.has(subject)))
    gone.push(...recorded.filter(({ subject }) => !still.has(subject)))
  }
  return {
    appeared: appeared.slice(0, AT_ONCE_MAX),
    gone: gone.slice(0, AT_ONCE_MAX).map((record) => ({ ...record, text: overText(record) })),
    more: appeared.length > AT_ONCE_MAX || gone.length > AT_ONCE_MAX,
  }
}

/** All that needs a person now, whether it is on record or not. */
export async function conditionsNow(reading: Reading, outside: Outside): Promise<Condition[]> {
  const found: Condition[] = []
  for (const kind of Object.values<ConditionKind>(CONDITIONS))
    found.push(...(await kind.look({ reading, outside, recorded: new Set() })))
  return found
}

function isOf(machine: string, { subject }: ConditionRecord): boolean {
  return subject === machine || subject.startsWith(`${machine} `)
}

/** What is told when a condition is over; null: nothing. */
function overText({ kind, text, subject }: ConditionRecord): string | null {
  if (kind === 'silent') return text.replace(/ is silent \(last [\d-]+\)$/, ' is heard again')
  if (kind === 'disk') return `${subject} has room on its disk again`
  if (kind === 'loader') return 'A loader is at work again'
  return kind === 'backlog' ? 'What waited for long is loaded' : null
}
