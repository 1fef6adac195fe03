/** Uploads that a person has discarded or undone, recognised by the `problem` of their load. */
import { type RawBuilder, sql } from 'kysely'

const DECIDED = ['Discarded', 'Taken out of the catalogue']

/** Matches the `problem` of such an upload. */
export const DECISION_TEXT = new RegExp(`^(${DECIDED.join('|')}) by .*$`, 's')

/** The SQL condition that an upload is none of these. */
export function isUndecided(): RawBuilder<boolean> {
  const isNot = DECIDED.map((word) => sql`instr(load, ${`"problem":"${word} by `}) = 0`)
  return sql`(load is null or (${sql.join(isNot, sql` and `)}))`
}
