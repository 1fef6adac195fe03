/**
 * The rounds of `serve`: looks at what needs a person and at watched products, puts what has changed into the outbox, and tells it.
 *
 * Every server of a fleet makes them; the ledger sees to it that each change is told once.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Questions } from '../api/reading.ts'
import { askFor } from '../api/reading.ts'
import { forgetOldNotices, seeReceivers } from '../ledger/notice-outbox.ts'
import type { Watches } from '../ledger/watches.ts'
import { PATIENCE } from './conditions.ts'
import type { Changed } from './look.ts'
import type { Outside } from './looked.ts'
import { type Telling, tellReceivers } from './outbox.ts'
import type { SeenAnew } from './watched.ts'

/** What a round works with. `revision`: which state of the catalogue it is. */
export type Rounds = Telling &
  Readonly<{
    watches: Watches
    questions: Questions
    kinds: ReadonlySet<string>
    outside: () => Promise<Outside>
    revision: () => Promise<string>
    patience?: Readonly<Record<string, number>>
  }>

const ROUND_MS = 30_000
// What costs more the more stores there are is looked at in one round of so many.
const WHOLE_EVERY = 20
const HOUR_ROUNDS = 120

/** Makes rounds until the signal aborts. What fails is tried again in the next one. */
export async function makeRounds(rounds: Rounds, signal: AbortSignal): Promise<void> {
  const known = { revision: '' }
  for (let round = 0; !signal.aborted; round++) {
    const parts = [
      ...(round % HOUR_ROUNDS === 0 ? [() => begin(rounds)] : []),
      () => lookAtConditions(rounds, round % WHOLE_EVERY === 0),
      () => lookAtWatched(rounds, known),
      () => tellReceivers(rounds),
    ]
    for (const part of parts)
      await part().catch((error: unknown) => rounds.log.warn({ err: error }, 'part of the notices is put off'))
    await sleep(ROUND_MS, undefined, { signal }).catch(() => {})
  }
}

/** Says whom this server tells, and forgets what is old. */
export async function begin({ notices: { database }, receivers, now }: Rounds): Promise<void> {
  await seeReceivers(
    database,
    receivers.map(({ name }) => name),
    now(),
  )
  await forgetOldNotices(database, now())
}

/** Looks at what needs a person. `isWhole`: also at every source. */
export async function lookAtConditions(rounds: Rounds, isWhole: boolean): Promise<void> {
  const { questions, notices, kinds, now, log, patience = PATIENCE } = rounds
  for (let more = true; more; ) {
    const question = { outside: await rounds.outside(), isWhole }
    const changed = await askFor<Changed>(questions, 'conditions', question, { keyId: null, now: now() })
    const told = await notices.bring(changed, { patience, kinds }, now())
    for (const { kind, subject, text, is_over } of told)
      log[is_over === 1 ? 'info' : 'warn'](
        { kind, subject, text },
        is_over === 1 ? 'it is well again' : 'a person is needed',
      )
    more = changed.more
  }
}

/** Looks at watched products, where the catalogue or a watch is another one than at the last look. */
export async function lookAtWatched(rounds: Rounds, known: { revision: string }): Promise<void> {
  const { questions, watches, kinds, now } = rounds
  const revision = `${await rounds.revision()} ${await watches.version()}`
  if (revision === known.revision) return
  const { changed } = await askFor<{ changed: SeenAnew[] }>(questions, 'watched', {}, { keyId: null, now: now() })
  for (const { watch, seen, text, productId } of changed) {
    const notice = { at: now(), kind: 'watch', subject: String(productId), is_over: 0, text: text ?? '', data: null }
    await watches.see(watch, seen, text !== null && kinds.has('watch') ? notice : undefined)
  }
  known.revision = revision
}
