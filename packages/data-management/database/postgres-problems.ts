/** Classifies the errors of PostgreSQL and its connections. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Problem, type ProblemCode } from '@splitcart/shared/problem.ts'

/** The problem detail for a pooler that shares one session among several connections. */
export const POOLER_DETAIL =
  'a pooler hands sessions around (PgBouncer with pool_mode = transaction or statement); set pool_mode = session for this database, or connect to PostgreSQL itself'

const TRIES_MAX = 10
const PAUSE_MS = 20

const CONFLICTS = new Set(['40001', '40P01'])
/** The SQLSTATE of a write to a read-only database: a standby, a full disk. */
export const READ_ONLY_STATE = '25006'

// SQLSTATEs: 08 connection errors, 25006 read-only (a standby, a full disk), 25P03 and 25P04 transaction time-outs, 53
// too few resources, 55P03 no lock in time, 57P stopped by an operator, 58 errors of its disk. E…: codes of the
// operating system, without those of Node that mean a mistake in this program.
const UNREACHABLE = /^(08...|25006|25P0[34]|53...|55P03|57P0.|58...|E(?!RR_(?:INVALID|OUT_OF|ASSERTION))[A-Z_]+)$/
// SQLSTATEs for a refused login, a missing database or a missing right; codes of Node for an untrusted certificate.
const NOT_ALLOWED =
  /^(28...|3D000|3F000|42501|CERT_.*|DEPTH_ZERO_.*|ERR_TLS_.*|HOSTNAME_MISMATCH|SELF_SIGNED_.*|UNABLE_TO_.*)$/
// The SQLSTATE of a statement that reached its time-out or was cancelled.
const CANCELED = '57014'
// Messages of the library pg for errors without a code.
const CONNECTION_LOST =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|timeout expired)/
const UNUSABLE = /^(SASL: |The server does not support SSL|prepared statement "s\d+" (already exists|does not exist))/
const DATABASE_CODES: ReadonlySet<string> = new Set(['database_unreachable', 'database_unusable', 'answer_late'])

/** Whether a transaction conflicted with another (deadlock, serialization failure) and can be retried. */
export function isConflict(error: unknown): boolean {
  return CONFLICTS.has(errorCodeOf(error))
}

/**
 * Whether an error comes from the state of the database, not from the query: it is unreachable, read-only, refuses
 * access or is too slow. The same query can succeed later.
 */
export function isDatabaseFailure(error: unknown): boolean {
  const problem = toPostgresProblem(error)
  return problem instanceof Problem && DATABASE_CODES.has(problem.code)
}

/** Turns an expected error of PostgreSQL or its connection into a `Problem`; returns any other error unchanged. */
export function toPostgresProblem(error: unknown): unknown {
  if (error instanceof Problem || !(error instanceof Error)) return error
  const code = errorCodeOf(error)
  const problemWith = (problem: ProblemCode) => new Problem(problem, detailOf(error), { cause: error })
  if (code === CANCELED) return problemWith('answer_late')
  if (NOT_ALLOWED.test(code) || UNUSABLE.test(error.message)) return problemWith('database_unusable')
  if (UNREACHABLE.test(code) || CONNECTION_LOST.test(error.message)) return problemWith('database_unreachable')
  return error
}

/** Repeats work whose transaction conflicts with others: ten tries at most, with growing random pauses. */
export async function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
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
export function errorCodeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

// What to do if the server does not support encryption, and if its certificate is not trusted.
const ENCRYPTION_HINT = 'add sslmode=disable to DATABASE_URL if the way to it is safe in clear'
const CERTIFICATE_HINT = 'name the file of who signed its certificate in DATABASE_URL: sslrootcert=/path/to/ca.crt'

/** The message of an error; for an address with several hosts, the messages of all of them. */
function detailOf(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((each) => each?.message).join('; ')
  if (error.message.startsWith('prepared statement')) return POOLER_DETAIL
  if (/does not support SSL/.test(error.message)) return `it does not encrypt; ${ENCRYPTION_HINT}`
  if (/^SASL: .*password must be a string/.test(error.message)) return 'it asks for a password, and none is given'
  if (/^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(errorCodeOf(error))) return `${error.message}; ${CERTIFICATE_HINT}`
  return error.message
}
