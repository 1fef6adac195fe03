/** The input and output of the functions that find conditions. */
import type { SystemView } from '../http/routes/system-schema.ts'
import type { QueryContext } from '../http/threads/query-context.ts'
import type { Condition } from '../ledger/conditions.ts'

/** Facts that only the process of the server knows. */
export type ServerFacts = Readonly<{
  machine: string
  disk: SystemView['disk']
  hasLoader: boolean
  /** The faults that the latest integrity check found; null: there was no check yet. */
  damage: readonly string[] | null
}>

/** The input for one kind of condition. `recorded`: subjects on record; `ticked`: subjects that are ticked off. */
export type ConditionInput = Readonly<{
  context: QueryContext
  serverFacts: ServerFacts
  recorded: ReadonlySet<string>
  ticked: ReadonlySet<string>
}>

/**
 * A condition that holds now. `isSettled`: a person has decided that it needs no attention (snoozed, retired, ticked
 * off); if it is on record, it ends without a notice. `mark`: its state, such as a date; a tick ends when the mark
 * changes (for a finding, the number of stores: when it grows).
 */
export type FoundCondition = Condition & Readonly<{ isSettled?: boolean; mark?: string }>

const NAME_CHARACTERS_MAX = 80
const SENTENCE_CHARACTERS_MAX = 300

/** A name from outside for use in a sentence: cut to a bounded length, without control characters. */
export function shortName(name: string): string {
  return short(name, NAME_CHARACTERS_MAX)
}

/** A sentence from outside, cut to a bounded length, without control characters. */
export function shortSentence(sentence: string): string {
  return short(sentence, SENTENCE_CHARACTERS_MAX)
}

function short(text: string, max: number): string {
  const characters = Array.from(text.replace(/[\p{Cc}\p{Cf}]/gu, ' '))
  return characters.length > max ? `${characters.slice(0, max).join('')}…` : characters.join('')
}
