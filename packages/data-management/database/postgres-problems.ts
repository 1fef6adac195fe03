/** Classifies the errors of PostgreSQL and its connections. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Problem, type ProblemCode } from '@splitcart/shared/problem.ts'

/** The explanation and remedy for a pooler that shares sessions between connections. */
export const POOLER =
  'a pooler hands sessions around (PgBouncer with pool_mode = transaction or statement); set pool_mode = session for this database, or connect to PostgreSQL itself'

const TRIES_MAX = 10
const PAUSE_MS = 20

const CONFLICTS = new Set(['40001', '40P01'])
/** The SQLSTATE of a write to a read-only database: a standby, a full disk. */
export const CANNOT_BE_WRITTEN = '25006'

// States of PostgreSQL: 08 the connection, 25006 it can only be read (a standby, a full disk), 25P03 and 25P04 a transaction was too long for
// it, 53 too few resources, 55P03 a lock was not to be had, 57P stopped by somebody, 58 its disk. E… the system's, but no mistake of ours.
const UNREACHABLE = /^(08...|25006|25P0[34]|53...|55P03|57P0.|58...|E(?!RR_(?:INVALID|OUT_OF|ASSERTION))[A-Z_]+)$/
// A password or a right is missing, or the certificate is not trusted (codes of Node).
const NOT_ALLOWED =
  /^(28...|3D000|3F000|42501|CERT_.*|DEPTH_ZERO_.*|ERR_TLS_.*|HOSTNAME_MISMATCH|SELF_SIGNED_.*|UNABLE_TO_.*)$/
// A statement reached its time-out, or was cancelled.
const CANCELED = '57014'
// pg has no codes for these.
const LOST =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|timeout expired)/
const UNUSABLE = /^(SASL: |The server does not support SSL|prepared statement "s\d+" (already exists|does not exist))/
const TROUBLE: ReadonlySet<string> = new Set(['database_unreachable', 'database_unusable', 'answer_late'])

/** Whether a transaction conflicted with another (deadlock, serialization failure) and can be retried. */
export function isConflict(error: unknown): boolean {
  return CONFLICTS.has(codeOf(error))
}

/**
 * Whether an error comes from the state of the database, not from the query: it is unreachable, read-only, refuses
 * access or is too slow. The query may be right and is repeated when the database is well.
 */
export function isDatabaseTrouble(error: unknown): boolean {
  const problem = problemOf(error)
  return problem instanceof Problem && TROUBLE.has(problem.code)
}

/** An expected error as a `Problem`; any other as it is. */
export function problemOf(error: unknown): unknown {
  if (error instanceof Problem || !(error instanceof Error)) return error
  const code = codeOf(error)
  const said = (problem: ProblemCode) => new Problem(problem, wordsOf(error), { cause: error })
  if (code === CANCELED) return said('answer_late')
  if (NOT_ALLOWED.test(code) || UNUSABLE.test(error.message)) return said('database_unusable')
  if (UNREACHABLE.test(code) || LOST.test(error.message)) return said('database_unreachable')
  return error
}

/** Retries work that conflicts with other transactions: ten tries at most, with growing random pauses. */
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

/** The SQLSTATE or system error code of an error; empty if it has none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** The hint for a server without encryption. */
const IN_CLEAR = 'add sslmode=disable to DATABASE_URL if the way to it is safe in clear'
const SIGNED_BY = 'name the file of who signed its certificate in DATABASE_URL: sslrootcert=/path/to/ca.crt'

/** The message of an error; for an address with several hosts, the messages of all of them. */
function wordsOf(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((each) => each?.message).join('; ')
  if (error.message.startsWith('prepared statement')) return POOLER
  if (/does not support SSL/.test(error.message)) return `it does not encrypt; ${IN_CLEAR}`
  if (/^SASL: .*password must be a string/.test(error.message)) return 'it asks for a password, and none is given'
  if (/^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(codeOf(error))) return `${error.message}; ${SIGNED_BY}`
  return error.message
}
