/**
 * The regular rounds of `serve`: each finds changes of conditions and watched products, puts notices of them into the
 * outbox, and sends what waits there.
 *
 * All servers of a fleet make rounds; the ledger ensures that each change makes only one notice.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type QueryRunner, runQuery } from '../http/threads/query-context.ts'
import { type ConditionChanges, changeChunks } from '../ledger/conditions.ts'
import { removeOldNotices, updateReceivers } from '../ledger/notice-outbox.ts'
import { Ticks } from '../ledger/ticks.ts'
import type { Watches } from '../ledger/watches.ts'
import type { ConditionsParameters, DetectedChanges } from './condition-changes.ts'
import type { ServerFacts } from './condition-input.ts'
import { PATIENCE_MS } from './conditions.ts'
import { type NoticeContext, notifyReceivers } from './outbox.ts'
import type { WatchChange } from './watched.ts'

/** What a round needs. `kinds`: those of the notices to send; `revision`: that of the catalogue; `patience`: for tests. */
export type RoundContext = NoticeContext &
  Readonly<{
    watches: Watches
    queries: QueryRunner
    kinds: ReadonlySet<string>
    serverFacts: () => Promise<ServerFacts>
    revision: () => Promise<string>
    patience?: Readonly<Record<string, number>>
  }>

const ROUND_MS = 30_000
// Slow kinds of conditions are checked in one of so many rounds.
const SLOW_EVERY_ROUNDS = 20
const ROUNDS_PER_HOUR = 120

/** What is remembered between rounds: the revision at the last check of watches, and the rounds of other steps. */
export type RoundState = { revision: string; rounds: number; preparedIn?: number; slowIn?: number }

/** The state before the first round. */
export function newRoundState(): RoundState {
  return { revision: '', rounds: 0 }
}

/** Makes rounds until the signal aborts. Work that fails is repeated in the next one. */
export async function runRounds(rounds: RoundContext, signal: AbortSignal): Promise<void> {
  for (const state = newRoundState(); !signal.aborted; ) {
    await runRound(rounds, state, signal)
    await sleep(ROUND_MS, undefined, { signal }).catch(() => {})
  }
}

/** Makes one round. Receivers are recorded before conditions: notices made earlier would have no receivers. */
export async function runRound(rounds: RoundContext, state: RoundState, signal: AbortSignal): Promise<void> {
  const round = state.rounds++
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
  if (isDue(state.preparedIn, ROUNDS_PER_HOUR) && (await isDone(() => prepareReceivers(rounds))))
    state.preparedIn = round
  if (state.preparedIn !== undefined) {
    const includesSlow = isDue(state.slowIn, SLOW_EVERY_ROUNDS)
    if (includesSlow) state.slowIn = round
    await isDone(() => recordConditions(rounds, includesSlow, signal))
    await isDone(() => recordWatchChanges(rounds, state, signal))
  }
  await isDone(() => notifyReceivers(rounds, signal))
}

/** Records the receivers of this server, and removes old notices. */
export async function prepareReceivers({ notices: { database }, receivers, now }: RoundContext): Promise<void> {
  await updateReceivers(
    database,
    receivers.map(({ name }) => name),
    now(),
  )
  await removeOldNotices(database, now())
}

/** Records changes of conditions. `withSlow`: also of the slow kinds. */
export async function recordConditions(rounds: RoundContext, withSlow: boolean, signal?: AbortSignal): Promise<void> {
  for (let more = true; more; ) {
    const asker = { keyId: null, now: rounds.now(), ...(signal && { signal }) }
    const parameters = {
      serverFacts: await rounds.serverFacts(),
      includesSlow: withSlow,
    } satisfies ConditionsParameters
    const changed = await runQuery<DetectedChanges>(rounds.queries, 'conditions', parameters, asker)
    const isNothing = changed.appeared.length === 0 && changed.gone.length === 0 && !changed.waits
    for (const part of isNothing ? [] : changeChunks(changed)) {
      if (signal?.aborted) return
      await recordPart(rounds, part)
    }
    if (changed.ticksOver.length > 0) await new Ticks(rounds.notices.database).removeUnlessRenewed(changed.ticksOver)
    more = changed.more
  }
}

async function recordPart({ notices, kinds, now, log, patience = PATIENCE_MS }: RoundContext, part: ConditionChanges) {
  for (const { kind, subject, text, is_over } of await notices.recordChanges(part, { delays: patience, kinds }, now()))
    log[is_over === 1 ? 'info' : 'warn'](
      { kind, subject, text },
      is_over === 1 ? 'it is well again' : 'a person is needed',
    )
}

/** Checks watched products if the catalogue or a watch has changed since the last check. */
export async function recordWatchChanges(
  rounds: RoundContext,
  state: Pick<RoundState, 'revision'>,
  signal?: AbortSignal,
): Promise<void> {
  const { queries, watches, kinds, now } = rounds
  const revision = `${await rounds.revision()} ${await watches.version()}`
  if (revision === state.revision) return
  const asker = { keyId: null, now: now(), ...(signal && { signal }) }
  const { changed } = await runQuery<{ changed: WatchChange[] }>(queries, 'watched', {}, asker)
  for (const { watch, seen, text, productId } of changed) {
    const notice = { at: now(), kind: 'watch', subject: String(productId), is_over: 0, text: text ?? '', data: null }
    await watches.recordState(watch, seen, text !== null && kinds.has('watch') ? notice : undefined)
  }
  state.revision = revision
}
