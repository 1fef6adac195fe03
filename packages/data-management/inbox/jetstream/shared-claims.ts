/**
 * The work items of an inbox that machines share, the oldest first. A loader that dies loses its claim and another one begins again; what
 * it had committed is found by its record, as in a folder.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseTrouble } from '../../database/postgres-problems.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { type Upload, waits } from '../../ledger/uploads.ts'
import type { Claim, Claiming, Inbox } from '../inbox.ts'
import { isInboxUnreachable, type JetStreamInbox } from '../jetstream.ts'
import type { Claim as WorkItem } from '../jetstream-work.ts'

const CLAIM_WAIT_MS = 1_000
const PAUSE_MS = 1_000
const PAUSE_MS_MAX = 15_000
const AGAIN_MS_MAX = 60_000

/** What is claimed from, and how bytes are had from there. */
type Source = Readonly<{ servers: JetStreamInbox; open: Inbox['open'] }>

type Work = Readonly<{ ledger: Ledger; inbox: Source; item: WorkItem; claiming: Claiming }>

/** Claims until there is nothing to claim for a second. */
export async function* sharedClaims(ledger: Ledger, inbox: Source, claiming: Claiming): AsyncGenerator<Claim> {
  while (!claiming.signal.aborted) {
    using item = await inbox.servers.claim(CLAIM_WAIT_MS)
    if (item === undefined) return
    if (claiming.signal.aborted) return item.giveBack(0)
    const claim = await claimOf({ ledger, inbox, item, claiming })
    if (claim !== undefined) yield claim
  }
}

/** Undefined: what is not on record has been forgotten; what does not wait came a second time, or a person has seen to it. */
async function claimOf(work: Work): Promise<Claim | undefined> {
  const { ledger, item, claiming } = work
  try {
    const upload = await untilReachable(work, () => ledger.uploads.find(item.uploadId))
    if (upload !== undefined && waits(upload)) return claimed(work, upload)
    await item.done()
  } catch (error) {
    leave(item, claiming.signal.aborted)
    claiming.failed(item.uploadId, error)
  }
  return undefined
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

/** Does something as soon as database and inbox are there. The claim is kept meanwhile: that they are away is not the upload's fault. */
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
