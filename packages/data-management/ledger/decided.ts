/** Uploads that a person has discarded or taken out of the catalogue: the problem of their load says so. */
import { type RawBuilder, sql } from 'kysely'

const DECIDED = ['Discarded', 'Taken out of the catalogue']

/** The problem of such an upload. */
export const SAID_BY_A_PERSON = new RegExp(`^(${DECIDED.join('|')}) by .*$`, 's')

/** That an upload is none of these. */
export function isUndecided(): RawBuilder<boolean> {
  const isNot = DECIDED.map((word) => sql`instr(load, ${`"problem":"${word} by `}) = 0`)
  return sql`(load is null or (${sql.join(isNot, sql` and `)}))`
}
