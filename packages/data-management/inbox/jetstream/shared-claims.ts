/**
 * Claims from an inbox that several machines share: the oldest work item, and before it one waiting upload of each
 * other sender. A loader that dies loses its claim and another one starts anew; what the first had committed is found
 * by its load record, as in a folder.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseTrouble } from '../../database/postgres-problems.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { type Upload, waits } from '../../ledger/uploads.ts'
import type { Claim, Claiming, Ending, Inbox } from '../inbox.ts'
import type { SenderTurns } from './sender-turns.ts'
import { isInboxUnreachable, type JetStreamInbox } from './servers.ts'
import type { Claim as WorkItem } from './work-queue.ts'

const CLAIM_WAIT_MS = 1_000
const PAUSE_MS = 1_000
const PAUSE_MS_MAX = 15_000
const AGAIN_MS_MAX = 60_000
// How long a loader waits for another one that took the claimed upload out of turn; nothing tells if that one has died.
const OTHERS_MS_MAX = 10_000
const OTHERS_LOOK_MS = 100

/** The servers to claim from, and how the bytes of an upload are opened. */
type Source = Readonly<{ servers: JetStreamInbox; open: Inbox['open'] }>

type Work = Readonly<{ ledger: Ledger; inbox: Source; turns: SenderTurns; item: WorkItem; claiming: Claiming }>

/** Claims until the queue has been empty for a second, or the signal aborts. */
export async function* sharedClaims(from: Omit<Work, 'item'>): AsyncGenerator<Claim> {
  const { inbox, claiming } = from
  while (!claiming.signal.aborted) {
    using item = await inbox.servers.claim(CLAIM_WAIT_MS)
    if (item === undefined) return
    if (claiming.signal.aborted) return item.giveBack(0)
    const work = { ...from, item }
    const claim = await claimOf(work)
    if (claim === undefined) continue
    yield* claimsOfOthers(work)
    yield claim
  }
}

/**
 * Claims one waiting upload of each other sender. Its work item stays in the queue: whoever claims that later finds the
 * upload settled, or loads it.
 */
async function* claimsOfOthers(work: Work): AsyncGenerator<Claim> {
  const { ledger, inbox, turns, item, claiming } = work
  const ids = await orFailed(work, () => turns.ofOthers(item.uploadId))
  for (const id of ids ?? []) {
    if (claiming.signal.aborted) return
    const upload = await orFailed(work, () => ledger.take(id, claiming.now()))
    if (upload === undefined) continue
    const removed = () => inbox.servers.bucket.remove(upload.sha256)
    const finish = async (ending: Ending) => (ending === 'delivered' ? removed() : undefined)
    yield { ...claimed(work, upload), times: 1, finish, fail: removed, leave: () => {} }
  }
}

/** The result of `what`; undefined if it fails, which is reported. */
async function orFailed<T>(work: Work, what: () => Promise<T>): Promise<T | undefined> {
  try {
    return await untilReachable(work, what)
  } catch (error) {
    work.claiming.failed(work.item.uploadId, error)
    return undefined
  }
}

/**
 * The claim of a work item. Undefined if its upload is not on record (forgotten) or no longer waits (its item came
 * twice, or a person decided), and the item is removed; or after an error, and the item is given back.
 */
async function claimOf(work: Work): Promise<Claim | undefined> {
  const { item, claiming } = work
  try {
    const upload = await untilReachable(work, () => takenOr(work, OTHERS_MS_MAX))
    if (upload !== undefined && waits(upload)) return claimed(work, upload)
    await item.done()
  } catch (error) {
    leave(item, claiming.signal.aborted)
    claiming.failed(item.uploadId, error)
  }
  return undefined
}

/**
 * Marks the upload of an item as loading, so that no loader takes it out of turn. If one has taken it already, waits up
 * to `waitMs` for that one; not if the item was claimed before: then its earlier loader may have marked it and died.
 */
async function takenOr(work: Work, waitMs: number): Promise<Upload | undefined> {
  const { ledger, item, claiming } = work
  const taken = await ledger.take(item.uploadId, claiming.now())
  if (taken !== undefined) return taken
  const upload = await ledger.uploads.find(item.uploadId)
  const isAnothers = upload?.state === 'loading' && item.times === 1
  if (!isAnothers || waitMs <= 0 || claiming.signal.aborted) return upload
  await sleep(OTHERS_LOOK_MS, undefined, { signal: claiming.signal }).catch(() => {})
  return takenOr(work, waitMs - OTHERS_LOOK_MS)
}

function claimed(work: Work, upload: Upload): Claim {
  const { ledger, inbox, item } = work
  const removed = async () => {
    await inbox.servers.bucket.remove(upload.sha256)
    await item.done()
  }
  return {
    upload,
    times: item.times,
    isHeld: true,
    bytes: 'here',
    open: () => inbox.open(upload),
    attempt: (action) =>
      untilReachable(work, async () => {
        await ledger.checkWritable()
        await ledger.uploads.endAttempts()
        await action()
      }),
    finish: (ending) => (ending === 'delivered' ? removed() : item.done()),
    fail: removed,
    leave: (atOnce) => leave(item, atOnce),
  }
}

function leave(item: WorkItem, atOnce: boolean): void {
  item.giveBack(atOnce ? 0 : Math.min(PAUSE_MS * 2 ** item.times, AGAIN_MS_MAX))
}

/** Repeats `what` while a database or the inbox is unreachable. Keeps the claim: the upload is not at fault. */
async function untilReachable<T>({ claiming: { log, signal } }: Work, what: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await what()
    } catch (error) {
      if (signal.aborted || !(isDatabaseTrouble(error) || isInboxUnreachable(error))) throw error
      log.warn({ err: error, failures }, 'waiting for what cannot be reached')
      const pause = Math.min(PAUSE_MS * 2 ** (failures - 1), PAUSE_MS_MAX)
      await sleep(pause, undefined, { signal }).catch(() => {})
    }
  }
}
