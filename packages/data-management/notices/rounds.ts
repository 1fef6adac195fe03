/**
 * The rounds of `serve`: finds changes of conditions and watched products, puts notices of them into the outbox, and
 * sends these.
 *
 * Every server of a fleet makes rounds; the ledger ensures that each change makes one notice.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type QueryRunner, runQuery } from '../http/threads/reading.ts'
import { type ConditionChanges, changeChunks } from '../ledger/conditions.ts'
import { removeOldNotices, updateReceivers } from '../ledger/notice-outbox.ts'
import { Ticks } from '../ledger/ticks.ts'
import type { Watches } from '../ledger/watches.ts'
import { PATIENCE } from './conditions.ts'
import type { Changed } from './look.ts'
import type { Outside } from './look-parts.ts'
import { type NoticeContext, notifyReceivers } from './outbox.ts'
import type { WatchChange } from './watched.ts'

/** What a round works with. `revision`: the present revision of the catalogue. */
export type RoundContext = NoticeContext &
  Readonly<{
    watches: Watches
    queries: QueryRunner
    kinds: ReadonlySet<string>
    outside: () => Promise<Outside>
    revision: () => Promise<string>
    patience?: Readonly<Record<string, number>>
  }>

const ROUND_MS = 30_000
// Slow kinds of conditions are looked for in one round of so many.
const WHOLE_EVERY = 20
const HOUR_ROUNDS = 120

/** State kept between rounds: the revision of the last look, and the rounds in which some parts were done. */
export type RoundState = { revision: string; rounds: number; begunIn?: number; wholeIn?: number }

/** The state before the first round. */
export function newRoundState(): RoundState {
  return { revision: '', rounds: 0 }
}

/** Makes rounds until the signal aborts. Work that fails is repeated in the next one. */
export async function makeRounds(rounds: RoundContext, signal: AbortSignal): Promise<void> {
  for (const known = newRoundState(); !signal.aborted; ) {
    await makeRound(rounds, known, signal)
    await sleep(ROUND_MS, undefined, { signal }).catch(() => {})
  }
}

/** Makes one round. Receivers are recorded before the first look: notices made earlier would have no receivers. */
export async function makeRound(rounds: RoundContext, known: RoundState, signal: AbortSignal): Promise<void> {
  const round = known.rounds++
  const isDue = (last: number | undefined, every: number) => last === undefined || round - last >= every
  const isDone = async (part: () => Promise<void>) => {
    if (signal.aborted) return false
    return await part().then(
      () => true,
      (error: unknown) => {
        if (!signal.aborted) rounds.log.warn({ err: error }, 'part of the notices is put off')
        return false
      },
    )
  }
  if (isDue(known.begunIn, HOUR_ROUNDS) && (await isDone(() => begin(rounds)))) known.begunIn = round
  if (known.begunIn !== undefined) {
    const isWhole = isDue(known.wholeIn, WHOLE_EVERY)
    if (isWhole) known.wholeIn = round
    await isDone(() => recordConditions(rounds, isWhole, signal))
    await isDone(() => recordWatched(rounds, known, signal))
  }
  await isDone(() => notifyReceivers(rounds, signal))
}

/** Records the receivers of this server, and removes old notices. */
export async function begin({ notices: { database }, receivers, now }: RoundContext): Promise<void> {
  await updateReceivers(
    database,
    receivers.map(({ name }) => name),
    now(),
  )
  await removeOldNotices(database, now())
}

/** Records changes of conditions. `isWhole`: also of the slow kinds. */
export async function recordConditions(rounds: RoundContext, isWhole: boolean, signal?: AbortSignal): Promise<void> {
  for (let more = true; more; ) {
    const asker = { keyId: null, now: rounds.now(), ...(signal && { signal }) }
    const parameters = { outside: await rounds.outside(), isWhole }
    const changed = await runQuery<Changed>(rounds.queries, 'conditions', parameters, asker)
    const isNothing = changed.appeared.length === 0 && changed.gone.length === 0 && !changed.waits
    for (const part of isNothing ? [] : changeChunks(changed)) {
      if (signal?.aborted) return
      await record(rounds, part)
    }
    if (changed.ticksOver.length > 0) await new Ticks(rounds.notices.database).removeUnlessRenewed(changed.ticksOver)
    more = changed.more
  }
}

async function record({ notices, kinds, now, log, patience = PATIENCE }: RoundContext, part: ConditionChanges) {
  for (const { kind, subject, text, is_over } of await notices.recordChanges(part, { delays: patience, kinds }, now()))
    log[is_over === 1 ? 'info' : 'warn'](
      { kind, subject, text },
      is_over === 1 ? 'it is well again' : 'a person is needed',
    )
}

/** Looks at watched products, if the catalogue or a watch has changed since the last look. */
export async function recordWatched(
  rounds: RoundContext,
  known: Pick<RoundState, 'revision'>,
  signal?: AbortSignal,
): Promise<void> {
  const { queries, watches, kinds, now } = rounds
  const revision = `${await rounds.revision()} ${await watches.version()}`
  if (revision === known.revision) return
  const asker = { keyId: null, now: now(), ...(signal && { signal }) }
  const { changed } = await runQuery<{ changed: WatchChange[] }>(queries, 'watched', {}, asker)
  for (const { watch, seen, text, productId } of changed) {
    const notice = { at: now(), kind: 'watch', subject: String(productId), is_over: 0, text: text ?? '', data: null }
    await watches.recordState(watch, seen, text !== null && kinds.has('watch') ? notice : undefined)
  }
  known.revision = revision
}
