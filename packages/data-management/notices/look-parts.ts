/** The input and output of the functions that look for conditions. */
import type { SystemView } from '../http/routes/system-schema.ts'
import type { Reading } from '../http/threads/reading.ts'
import type { Condition } from '../ledger/conditions.ts'

/** Facts that only the serving process knows of its machine. */
export type Outside = Readonly<{
  machine: string
  disk: SystemView['disk']
  hasLoader: boolean
  /** The faults of the latest check for damage; null: none was made yet. */
  damage: readonly string[] | null
}>

/** The input of a look for one kind. `recorded`: subjects already on record; `ticked`: subjects that are ticked off. */
export type LookInput = Readonly<{
  reading: Reading
  outside: Outside
  recorded: ReadonlySet<string>
  ticked: ReadonlySet<string>
}>

/**
 * A condition that a look finds. `isSettled`: a person has decided that it needs no attention (snoozed, retired, ticked
 * off); a recorded one ends without a notice. `mark`: its present state; a tick ends when the mark changes (that of a
 * finding: when it grows).
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
