/**
 * Logs refused requests by address, so that key guessing is visible; at a limited rate, so that the disk cannot fill.
 *
 *   refused ─▶ one of the first requests of its address in this minute ─▶ its own line
 *          └─▶ otherwise counted ─▶ one line for each address at the end of the minute
 */
import type { Log } from '@splitcart/shared/log.ts'
import type { Problem, ProblemCode } from '@splitcart/shared/problem.ts'
import { MINUTE_MS } from '@splitcart/shared/time.ts'
import { addressLimitKey } from './server-limits.ts'
import type { Trace } from './trace.ts'

/** A refused request, as it is logged. `key`: the id in its key; the key itself may be wrong. */
export type RefusedRequest = Trace &
  Readonly<{
    reqId: string
    address: string
    method: string
    route: string
    key?: string | undefined
  }>

// Log lines per minute, of one address and of all.
const LINES_PER_ADDRESS_MAX = 20
const LINES_MAX = 300
const DATABASE_ERROR_EVERY_MS = 10_000
const SUMMARIES_MAX = 100
// Addresses that are counted separately; further ones are counted together as `OTHER_ADDRESSES`.
const ADDRESSES_MAX = 10_000
const OTHER_ADDRESSES = 'others'

type Counts = { lines: number; unwritten: Map<ProblemCode, number> }

/** Logs and counts the refusals of one server. */
export class RefusalLog {
  readonly #log: Log
  readonly #addresses = new Map<string, Counts>()
  readonly #timer: NodeJS.Timeout
  #lines = 0
  #databaseErrorAt = Number.NEGATIVE_INFINITY

  constructor(log: Log) {
    this.#log = log
    this.#timer = setInterval(() => this.logSummary(), MINUTE_MS).unref()
  }

  /** Logs a refused request; or only counts it, if its address or the server has used up its lines of this minute. */
  log(refused: RefusedRequest, { code, detail }: Problem): void {
    const counts = this.#countsOf(addressLimitKey(refused.address))
    if (counts.lines < LINES_PER_ADDRESS_MAX && this.#lines < LINES_MAX) {
      counts.lines++
      this.#lines++
      this.#log.info({ ...refused, code, detail }, 'request refused')
    } else counts.unwritten.set(code, (counts.unwritten.get(code) ?? 0) + 1)
  }

  /** Logs a database error at most once in `DATABASE_ERROR_EVERY_MS`, since it makes all requests fail. */
  logDatabaseError(error: unknown): void {
    const now = performance.now()
    if (now - this.#databaseErrorAt < DATABASE_ERROR_EVERY_MS) return
    this.#databaseErrorAt = now
    this.#log.error({ err: error }, 'the database does not serve; requests are refused')
  }

  /** Logs the counts of refusals without a line, largest first, and begins a new minute. */
  logSummary(): void {
    const sums = [...this.#addresses]
      .map(([address, { unwritten }]) => ({ address, unwritten, count: sumOf(unwritten) }))
      .filter(({ count }) => count > 0)
      .sort((one, other) => other.count - one.count)
    for (const { address, unwritten, count } of sums.slice(0, SUMMARIES_MAX))
      this.#log.warn({ address, count, codes: Object.fromEntries(unwritten) }, 'more requests refused')
    const rest = sums.slice(SUMMARIES_MAX)
    if (rest.length > 0) {
      const count = rest.reduce((sum, each) => sum + each.count, 0)
      this.#log.warn({ addresses: rest.length, count }, 'more requests refused')
    }
    this.#addresses.clear()
    this.#lines = 0
  }

  /** Logs the last summary and stops the timer. */
  stop(): void {
    clearInterval(this.#timer)
    this.logSummary()
  }

  #countsOf(address: string): Counts {
    const known = this.#addresses.get(address)
    if (known !== undefined) return known
    const counts = { lines: 0, unwritten: new Map() }
    if (this.#addresses.size >= ADDRESSES_MAX && address !== OTHER_ADDRESSES) return this.#countsOf(OTHER_ADDRESSES)
    this.#addresses.set(address, counts)
    return counts
  }
}

function sumOf(counts: ReadonlyMap<ProblemCode, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0)
}
