/** What needs attention and has been ticked off: it is shown folded, and nobody is told of it, until it changes, and no longer than to a date. */
import type { Selectable } from 'kysely'
import type { Clock } from '../catalogue/queries/freshness.ts'
import { audit } from './audit.ts'
import type { LedgerDatabase, LedgerTables } from './database.ts'

/** A tick on record: what it is of, how that was then, in words, until when, and who has set it when. */
export type Tick = Readonly<Selectable<LedgerTables['tick']>>

/** Which tick is meant. */
export type TickName = Pick<Tick, 'kind' | 'subject'>

/** What can be ticked off: under which name, how it is now, and what it is called. */
export type Tickable = Pick<Tick, 'subject' | 'mark' | 'text'>

/** The ticks of a ledger. */
export class Ticks {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** Ticks something off, in place of what was said of it before. */
  async set(tick: Tick): Promise<void> {
    const { kind, subject, ...values } = tick
    await this.#database.transaction().execute(async (transaction) => {
      await transaction
        .insertInto('tick')
        .values(tick)
        .onConflict((conflict) => conflict.columns(['kind', 'subject']).doUpdateSet(values))
        .execute()
      const { at, who, text, until } = tick
      const detail = `until ${until === null ? '' : `${until}, or `}it changes: ${text}`
      await audit(transaction, { at, who, what: 'attention ticked off', about: `${kind} ${subject}`, detail })
    })
  }

  /** Takes a tick back; false: there is none. */
  async takeBack({ kind, subject }: TickName, who: string, at: number): Promise<boolean> {
    return await this.#database.transaction().execute(async (transaction) => {
      const ended = await transaction
        .deleteFrom('tick')
        .where('kind', '=', kind)
        .where('subject', '=', subject)
        .returning('text')
        .executeTakeFirst()
      if (ended === undefined) return false
      const about = `${kind} ${subject}`
      await audit(transaction, { at, who, what: 'attention tick taken back', about, detail: ended.text })
      return true
    })
  }

  /** All of them, the newest first. */
  async list(): Promise<Tick[]> {
    const found = await this.#database.selectFrom('tick').selectAll().orderBy('at', 'desc').execute()
    return found.map((tick) => ({ ...tick, at: Number(tick.at) }))
  }

  /** Removes ticks of what is over, unless they were set anew since. */
  async forget(over: readonly (TickName & Pick<Tick, 'at'>)[]): Promise<void> {
    for (const { kind, subject, at } of over)
      await this.#database
        .deleteFrom('tick')
        .where('kind', '=', kind)
        .where('subject', '=', subject)
        .where('at', '=', at)
        .execute()
  }
}

/** The ticks that count at a time, and which of them something was found for. */
export class TicksNow {
  readonly #found = new Set<Tick>()
  readonly #ticks: readonly Tick[]
  readonly #byName: ReadonlyMap<string, Tick>
  readonly #clock: Clock

  constructor(ticks: readonly Tick[], clock: Clock) {
    this.#ticks = ticks
    this.#byName = new Map(ticks.map((tick) => [nameOf(tick), tick]))
    this.#clock = clock
  }

  /** Whether something is ticked off as it is now. `mark` undefined: how it is nobody knows. */
  covers(name: TickName, mark: string | undefined): boolean {
    const tick = this.#byName.get(nameOf(name))
    if (tick === undefined || !this.#counts(tick, mark)) return false
    this.#found.add(tick)
    return true
  }

  /** Those of which something was found that they cover, the newest first. */
  covering(): Tick[] {
    return this.#ticks.filter((tick) => this.#found.has(tick))
  }

  /** Those of some kind. */
  of(kind: string): Tick[] {
    return this.#ticks.filter((tick) => tick.kind === kind)
  }

  /** Those of some kinds, all of which have been looked at, that count no more. */
  over(kinds: ReadonlySet<string>): Tick[] {
    return this.#ticks.filter((tick) => kinds.has(tick.kind) && !this.#found.has(tick))
  }

  #counts({ kind, until, mark: then }: Tick, mark: string | undefined): boolean {
    if (until !== null && this.#clock.now >= this.#clock.zone.startOf(until)) return false
    if (mark === undefined) return true
    // Of a finding, in how many stores it is: in fewer it is no other.
    return kind === 'findings' ? Number(mark) <= Number(then) : mark === then
  }
}

function nameOf({ kind, subject }: TickName): string {
  return `${kind} ${subject}`
}
