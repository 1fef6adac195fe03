/** What PostgreSQL and its connections say when something is wrong, and what it means. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Problem } from '@splitcart/shared/problem.ts'

const TRIES_MAX = 10
const PAUSE_MS = 20

const CONFLICTS = new Set(['40001', '40P01'])
// Classes of PostgreSQL: 08 the connection, 53 too few resources, 57P stopped by somebody.
const UNREACHABLE = /^(08...|53...|57P0.|E[A-Z_]+)$/
const NOT_ALLOWED = /^(28...|3D000|3F000|42501)$/
// The time of a statement was over.
const CANCELED = '57014'
// pg has no codes for these.
const LOST =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect)/

/** Whether the work met that of somebody else (a deadlock, an order of things that cannot be) and may be done again. */
export function isConflict(error: unknown): boolean {
  return CONFLICTS.has(codeOf(error))
}

/** Whether the database was not there, or went away. */
export function isUnreachable(error: unknown): boolean {
  if (error instanceof Problem) return error.code === 'database_unreachable'
  return UNREACHABLE.test(codeOf(error)) || (error instanceof Error && LOST.test(error.message))
}

/** An error as a problem, where it was foreseen; otherwise as it is. */
export function problemOf(error: unknown): unknown {
  if (error instanceof Problem || !(error instanceof Error)) return error
  if (codeOf(error) === CANCELED) return new Problem('answer_late', error.message, { cause: error })
  if (isUnreachable(error)) return new Problem('database_unreachable', wordsOf(error), { cause: error })
  if (NOT_ALLOWED.test(codeOf(error))) return new Problem('database_unusable', error.message, { cause: error })
  return error
}

/** Does work that may meet that of others until it does not. */
export async function repeated<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries === TRIES_MAX || !isConflict(error)) throw error
      await sleep(PAUSE_MS * tries * (0.5 + Math.random()))
    }
  }
}

/** The code that PostgreSQL or the system gives an error; empty where there is none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** What an error says; of an address with several machines, what each of them says. */
function wordsOf(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((each) => each?.message).join('; ')
  return error.message
}
