/** Conditions that were ticked off: collapsed in lists and without notices, until they change or the tick ends. */
import type { Selectable } from 'kysely'
import type { ZonedNow } from '../catalogue/queries/freshness.ts'
import { audit } from './audit.ts'
import type { LedgerDatabase, LedgerTables } from './database.ts'

/** A tick on record. `mark` and `text`: the state then, for comparing and for people; `until`: a date. */
export type Tick = Readonly<Selectable<LedgerTables['tick']>>

/** The key of a tick. */
export type TickKey = Pick<Tick, 'kind' | 'subject'>

/** Something that can be ticked off: its subject, the mark of its present state, and its text for people. */
export type Tickable = Pick<Tick, 'subject' | 'mark' | 'text'>

/** The ticks of a ledger. */
export class Ticks {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** Sets a tick, replacing the previous one of the same name. */
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

  /** Removes a tick; false if there is none. */
  async remove({ kind, subject }: TickKey, who: string, at: number): Promise<boolean> {
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

  /** All ticks, newest first. */
  async list(): Promise<Tick[]> {
    const found = await this.#database.selectFrom('tick').selectAll().orderBy('at', 'desc').execute()
    return found.map((tick) => ({ ...tick, at: Number(tick.at) }))
  }

  /** Removes ticks whose subjects are gone, unless they were set again since. */
  async removeUnlessRenewed(over: readonly (TickKey & Pick<Tick, 'at'>)[]): Promise<void> {
    for (const { kind, subject, at } of over)
      await this.#database
        .deleteFrom('tick')
        .where('kind', '=', kind)
        .where('subject', '=', subject)
        .where('at', '=', at)
        .execute()
  }
}

/** The ticks, as read at one time; records which of them applied to something. */
export class ActiveTicks {
  readonly #found = new Set<Tick>()
  readonly #ticks: readonly Tick[]
  readonly #byName: ReadonlyMap<string, Tick>
  readonly #clock: ZonedNow

  constructor(ticks: readonly Tick[], clock: ZonedNow) {
    this.#ticks = ticks
    this.#byName = new Map(ticks.map((tick) => [tickKeyText(tick), tick]))
    this.#clock = clock
  }

  /** Whether something is ticked off in its present state; `mark` undefined: the state is unknown, any tick applies. */
  covers(name: TickKey, mark: string | undefined): boolean {
    const tick = this.#byName.get(tickKeyText(name))
    if (tick === undefined || !this.#counts(tick, mark)) return false
    this.#found.add(tick)
    return true
  }

  /** The ticks for which `covers` was true, newest first. */
  covering(): Tick[] {
    return this.#ticks.filter((tick) => this.#found.has(tick))
  }

  /** The ticks of a kind. */
  ofKind(kind: string): Tick[] {
    return this.#ticks.filter((tick) => tick.kind === kind)
  }

  /** The ticks of these kinds that no longer apply; call it after `covers` was called for everything found. */
  lapsed(kinds: ReadonlySet<string>): Tick[] {
    return this.#ticks.filter((tick) => kinds.has(tick.kind) && !this.#found.has(tick))
  }

  #counts({ kind, until, mark: then }: Tick, mark: string | undefined): boolean {
    if (until !== null && this.#clock.now >= this.#clock.zone.startOf(until)) return false
    if (mark === undefined) return true
    // The mark of a finding is its number of stores: with fewer of them the tick still applies.
    return kind === 'findings' ? Number(mark) <= Number(then) : mark === then
  }
}

function tickKeyText({ kind, subject }: TickKey): string {
  return `${kind} ${subject}`
}
