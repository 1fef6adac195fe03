/**
 * `update-db --products` of a fleet: any number of these on any machines take work items from the same inbox.
 *
 *   claim ─▶ fetch the bytes ─▶ load (one transaction) ─▶ ledger says what became of it ─▶ the item is done
 *
 * Before it loads what it claimed, it loads one file of each other sender that waits (sender-turns.ts): their items are found to be done later.
 *
 * A loader that dies loses its claim and another one begins again; what it had committed is found by its record, as in a folder's inbox.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isLoadedKind } from '@splitcart/shared/kinds.ts'
import { isDatabaseTrouble } from '../database/postgres-problems.ts'
import { borrow } from '../inbox/borrow.ts'
import { handOverFetched } from '../inbox/deliver.ts'
import { isInboxUnreachable, type JetStreamInbox } from '../inbox/jetstream.ts'
import type { Claim } from '../inbox/jetstream-work.ts'
import { DamagedFile } from '../inbox/stored.ts'
import type { Upload } from '../ledger/uploads.ts'
import { isNewerSchema } from '../schemas.ts'
import { loadOf, loadUpload } from './load-upload.ts'
import { SenderTurns } from './sender-turns.ts'
import { deadlyReason, setAside } from './set-aside.ts'
import { forget, settle, type UpdateDb } from './update-db.ts'

const CLAIM_WAIT_MS = 1_000
const PAUSE_MS = 1_000
const PAUSE_MS_MAX = 15_000
const AGAIN_MS_MAX = 60_000
// So often loaders may fail at an upload, or die of it, before it waits for a person.
const TIMES_MAX = 10

/** What a loader of a fleet works with. */
export type FleetWork = UpdateDb & Readonly<{ fleet: JetStreamInbox; turns?: SenderTurns }>

/** Takes work items until the signal aborts. Whatever is not there, database or inbox, is waited for. */
export async function workForFleet(given: FleetWork, signal: AbortSignal): Promise<void> {
  const work = { ...given, turns: new SenderTurns(given.ledger) }
  for (let failures = 0; !signal.aborted; ) {
    try {
      await dealWithNext(work, signal)
      failures = 0
    } catch (error) {
      if (isNewerSchema(error)) throw error
      failures++
      work.log.error({ err: error, failures }, 'no work could be taken')
      await sleep(pauseMs(failures), undefined, { signal }).catch(() => {})
    }
  }
}

/** Deals with the next work item; false: there is none. */
export async function dealWithNext(work: FleetWork, signal: AbortSignal): Promise<boolean> {
  using claim = await work.fleet.claim(CLAIM_WAIT_MS)
  if (claim === undefined) return false
  if (signal.aborted) claim.giveBack(0)
  else await tryToDealWith(work, claim, signal)
  return true
}

/** An upload that cannot be loaded must not keep the others waiting: it is tried again later. */
async function tryToDealWith(work: FleetWork, claim: Claim, signal: AbortSignal): Promise<void> {
  try {
    await untilReachable(work, signal, () => dealWith(work, claim, signal))
  } catch (error) {
    if (isNewerSchema(error)) {
      claim.giveBack(0)
      throw error
    }
    work.log.error({ err: error, upload: claim.uploadId, times: claim.times }, 'upload could not be loaded')
    claim.giveBack(signal.aborted ? 0 : Math.min(PAUSE_MS * 2 ** claim.times, AGAIN_MS_MAX))
  }
}

/** Does something as soon as database and inbox are there. The claim is kept meanwhile: that they are away is not the upload's fault. */
async function untilReachable(work: FleetWork, signal: AbortSignal, what: () => Promise<void>): Promise<void> {
  for (let failures = 1; ; failures++) {
    try {
      return await what()
    } catch (error) {
      if (signal.aborted || !(isDatabaseTrouble(error) || isInboxUnreachable(error))) throw error
      work.log.warn({ err: error, failures }, 'waiting for what cannot be reached')
      await sleep(pauseMs(failures), undefined, { signal }).catch(() => {})
    }
  }
}

function pauseMs(failures: number): number {
  return Math.min(PAUSE_MS * 2 ** (failures - 1), PAUSE_MS_MAX)
}

async function dealWith(work: FleetWork, claim: Claim, signal: AbortSignal): Promise<void> {
  await work.ledger.checkWritable()
  await work.ledger.uploads.endAttempts()
  const upload = await work.ledger.uploads.find(claim.uploadId)
  // What is not on record has been forgotten; what has been dealt with came a second time, or a person has seen to it.
  const waits = upload?.state === 'accepted' || upload?.state === 'loading'
  if (upload !== undefined && waits) {
    for (const other of (await work.turns?.ofOthers(upload)) ?? [])
      if (!signal.aborted) await dealWithOther(work, other)
    await dealWithUpload(work, upload, claim.times)
  }
  await claim.done()
}

/** One whose item is somebody else's to claim. What goes wrong with it is left to whoever claims that. */
async function dealWithOther(work: FleetWork, id: string): Promise<void> {
  const upload = await work.ledger.uploads.take(id)
  if (upload === undefined) return
  try {
    await dealWithUpload(work, upload, 1)
  } catch (error) {
    if (isNewerSchema(error) || isDatabaseTrouble(error) || isInboxUnreachable(error)) throw error
    work.log.error({ err: error, upload: id }, 'upload could not be loaded')
  }
}

async function dealWithUpload(work: FleetWork, upload: Upload, times: number): Promise<void> {
  const known = await loadOf(work, upload)
  if (known !== undefined) return settle(work, upload, undefined, known)
  const deadly = deadlyReason(upload)
  if (deadly !== undefined) return setAside(work, upload, deadly)
  if (times > TIMES_MAX) return setAside(work, upload, neverFinished(times - 1))
  await using borrowed = await borrow(work, upload)
  if (borrowed === undefined) return forget(work, upload, 'its bytes are no longer in the inbox')
  try {
    if (!isLoadedKind(upload.kind)) {
      await handOverFetched(work, upload, { stored: borrowed.stored, now: work.now() })
      await work.fleet.bucket.remove(upload.sha256)
      return
    }
    const load = await loadUpload(work, upload, borrowed.stored, { hold: work.hold })
    await settle(work, upload, undefined, load)
  } catch (error) {
    if (!(error instanceof DamagedFile)) throw error
    await work.fleet.bucket.remove(upload.sha256)
    await forget(work, upload, 'its bytes are damaged')
  }
}

function neverFinished(times: number): string {
  return `Loading it was begun ${times} times and never finished; the logs of the loaders say why.`
}
