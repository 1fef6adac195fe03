/**
 * Claims from an inbox that several machines share: the oldest work item, and before it one waiting upload of each
 * other sender. A loader that dies loses its claim and another one starts anew; what the first had committed is found
 * by its load record, as in a folder.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseFailure } from '../../database/postgres-problems.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { isWaiting, type Upload } from '../../ledger/uploads.ts'
import type { Claim, ClaimOutcome, ClaimPass, Inbox } from '../inbox.ts'
import type { SenderTurns } from './sender-turns.ts'
import { isInboxUnreachable, type JetStreamInbox } from './servers.ts'
import type { WorkItem } from './work-queue.ts'

const CLAIM_WAIT_MS = 1_000
const RETRY_MS = 1_000
const RETRY_MS_MAX = 15_000
const GIVEN_BACK_MS_MAX = 60_000
// How long a loader waits for another one that took the claimed upload out of turn; nothing tells if that one has died.
const OTHER_LOADER_WAIT_MS_MAX = 10_000
const OTHER_LOADER_POLL_MS = 100

/** The servers to claim from, and how the bytes of an upload are opened. */
type ClaimSource = Readonly<{ servers: JetStreamInbox; open: Inbox['open'] }>

type ClaimContext = Readonly<{
  ledger: Ledger
  inbox: ClaimSource
  turns: SenderTurns
  item: WorkItem
  claiming: ClaimPass
}>

/** Claims until the queue has been empty for a second, or the signal aborts. */
export async function* sharedClaims(context: Omit<ClaimContext, 'item'>): AsyncGenerator<Claim> {
  const { inbox, claiming } = context
  while (!claiming.signal.aborted) {
    using item = await inbox.servers.claim(CLAIM_WAIT_MS)
    if (item === undefined) return
    if (claiming.signal.aborted) return item.giveBack(0)
    const claimContext = { ...context, item }
    const claim = await claimItem(claimContext)
    if (claim === undefined) continue
    yield* claimsOfOthers(claimContext)
    yield claim
  }
}

/**
 * Claims one waiting upload of each other sender. Its work item stays in the queue: whoever claims that later finds the
 * upload settled, or loads it.
 */
async function* claimsOfOthers(context: ClaimContext): AsyncGenerator<Claim> {
  const { ledger, inbox, turns, item, claiming } = context
  const ids = await undefinedIfFailed(context, item.uploadId, () => turns.nextOfOtherSenders(item.uploadId))
  for (const id of ids ?? []) {
    if (claiming.signal.aborted) return
    const upload = await undefinedIfFailed(context, id, () => ledger.claimForLoading(id, claiming.now()))
    if (upload === undefined) continue
    const removeBytes = () => inbox.servers.bucket.remove(upload.sha256)
    const finish = async (ending: ClaimOutcome) => (ending === 'delivered' ? removeBytes() : undefined)
    yield { ...claimForUpload(context, upload), timesClaimed: 1, finish, removeDamaged: removeBytes, release: () => {} }
  }
}

/** The result of `work`; undefined if it fails, which is reported of that upload. */
async function undefinedIfFailed<T>(
  context: ClaimContext,
  uploadId: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await retryUntilReachable(context, work)
  } catch (error) {
    context.claiming.onFailed(uploadId, error)
    return undefined
  }
}

/**
 * The claim of a work item. Undefined if its upload is not on record (forgotten) or no longer waits (its item came
 * twice, or a person decided), and the item is removed; or after an error, and the item is given back.
 */
async function claimItem(context: ClaimContext): Promise<Claim | undefined> {
  const { item, claiming } = context
  try {
    const upload = await retryUntilReachable(context, () => markLoadingOrWait(context, OTHER_LOADER_WAIT_MS_MAX))
    if (upload !== undefined && isWaiting(upload)) return claimForUpload(context, upload)
    await item.done()
  } catch (error) {
    giveBack(item, claiming.signal.aborted)
    claiming.onFailed(item.uploadId, error)
  }
  return undefined
}

/**
 * Marks the upload of an item as loading, so that no loader takes it out of turn. If one has taken it already, waits up
 * to `waitMs` for that one; not if the item was claimed before: then its earlier loader may have marked it and died.
 */
async function markLoadingOrWait(context: ClaimContext, waitMs: number): Promise<Upload | undefined> {
  const { ledger, item, claiming } = context
  const taken = await ledger.claimForLoading(item.uploadId, claiming.now())
  if (taken !== undefined) return taken
  const upload = await ledger.uploads.find(item.uploadId)
  const isWithOther = upload?.state === 'loading' && item.timesClaimed === 1
  if (!isWithOther || waitMs <= 0 || claiming.signal.aborted) return upload
  await sleep(OTHER_LOADER_POLL_MS, undefined, { signal: claiming.signal }).catch(() => {})
  return markLoadingOrWait(context, waitMs - OTHER_LOADER_POLL_MS)
}

function claimForUpload(context: ClaimContext, upload: Upload): Claim {
  const { ledger, inbox, item } = context
  const removeBytes = async () => {
    await inbox.servers.bucket.remove(upload.sha256)
    await item.done()
  }
  return {
    upload,
    timesClaimed: item.timesClaimed,
    blocksNext: true,
    bytes: 'here',
    open: () => inbox.open(upload),
    attempt: (action) =>
      retryUntilReachable(context, async () => {
        await ledger.checkWritable()
        await ledger.uploads.writePendingResets()
        await action()
      }),
    finish: (ending) => (ending === 'delivered' ? removeBytes() : item.done()),
    removeDamaged: removeBytes,
    release: (atOnce) => giveBack(item, atOnce),
  }
}

function giveBack(item: WorkItem, atOnce: boolean): void {
  item.giveBack(atOnce ? 0 : Math.min(RETRY_MS * 2 ** item.timesClaimed, GIVEN_BACK_MS_MAX))
}

/** Repeats `work` while a database or the inbox is unreachable. Keeps the claim: the upload is not at fault. */
async function retryUntilReachable<T>({ claiming: { log, signal } }: ClaimContext, work: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await work()
    } catch (error) {
      if (signal.aborted || !(isDatabaseFailure(error) || isInboxUnreachable(error))) throw error
      log.warn({ err: error, failures }, 'waiting for what cannot be reached')
      const pause = Math.min(RETRY_MS * 2 ** (failures - 1), RETRY_MS_MAX)
      await sleep(pause, undefined, { signal }).catch(() => {})
    }
  }
}
