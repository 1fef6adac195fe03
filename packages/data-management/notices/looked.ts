/** What conditions are found out from. */

import type { SystemView } from '../http/routes/system-schema.ts'
import type { Reading } from '../http/threads/reading.ts'
import type { Condition } from '../ledger/notices.ts'

/** What only the process that serves knows of its machine. */
export type Outside = Readonly<{
  machine: string
  disk: SystemView['disk']
  hasLoader: boolean
  /** What the latest look for damage has found; null: none was made yet. */
  damage: readonly string[] | null
}>

/** A look of one kind. `recorded`: the subjects that are on record already; `ticked`: those that are ticked off. */
export type Looked = Readonly<{
  reading: Reading
  outside: Outside
  recorded: ReadonlySet<string>
  ticked: ReadonlySet<string>
}>

/**
 * What a look finds. `isSettled`: people have said that it needs nobody; where it was on record, it ends and nothing is told of that.
 * `mark`: how it is; what was ticked off until it changes is as it was then.
 */
export type FoundCondition = Condition & Readonly<{ isSettled?: boolean; mark?: string }>

const NAME_CHARACTERS_MAX = 80
const SENTENCE_CHARACTERS_MAX = 300

/** A name in a sentence: others' text, of bounded length and without controls. */
export function shortName(name: string): string {
  return short(name, NAME_CHARACTERS_MAX)
}

/** A sentence of somebody else. */
export function shortSentence(sentence: string): string {
  return short(sentence, SENTENCE_CHARACTERS_MAX)
}

function short(text: string, max: number): string {
  const characters = Array.from(text.replace(/[\p{Cc}\p{Cf}]/gu, ' '))
  return characters.length > max ? `${characters.slice(0, max).join('')}…` : characters.join('')
}
