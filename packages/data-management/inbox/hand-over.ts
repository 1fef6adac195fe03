/**
 * Hands over files of kinds not loaded here: a file gets its name in `<kind>_inbox`, and its consumer renames it away.
 *
 *   part (durable) ─▶ ledger: arriving ─▶ the part is renamed to its name ─▶ ledger: delivered ─▶ answer
 *
 * Invariants:
 *  1. Once only: the rename that gives the file its name removes the part. A server that finds no part after a crash
 *     knows that the file was handed over, even if the consumer has taken it since.
 *  2. No file is overwritten: hand-overs run one after the other, and nobody else writes into these folders.
 */
import { basename, dirname, join } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { removeIfThere, renameToFree, syncFolder, writePart } from '@splitcart/shared/durable-file.ts'
import { candidateNames } from '@splitcart/shared/file-name.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'
import { type Folders, foldersOfKind } from '../folders.ts'
import type { Arrival, ArrivingFile, RecordedUpload } from '../ledger/arrivals.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Upload } from '../ledger/uploads.ts'
import { type StoredFile, verifiedContent } from './stored.ts'

/** What the moves of files in an inbox need. */
export type InboxStores = Readonly<{ disk: Disk; folders: Folders; ledger: Ledger }>

/** The part that has arrived, and the key that sent it. */
type ReceivedPart = Readonly<{ part: string; keyId: string }>

const lastHandOvers = new WeakMap<Ledger, Promise<unknown>>()

/** Hands over a file whose part is durable, or finds that its bytes were handed over before (`isNew` false). */
export function handOver(stores: InboxStores, arrival: Arrival, sender: ReceivedPart): Promise<RecordedUpload> {
  const before = lastHandOvers.get(stores.ledger) ?? Promise.resolve()
  const turn = before.catch(() => {}).then(() => handOverNow(stores, arrival, sender))
  lastHandOvers.set(stores.ledger, turn)
  return turn
}

async function handOverNow({ disk, folders, ledger }: InboxStores, arrival: Arrival, { part, keyId }: ReceivedPart) {
  const known = await ledger.uploads.findBySha256(arrival.sha256)
  if (known !== undefined && !(await ledger.arrivals.mustBeStoredAgain(known, { keyId, kind: arrival.kind }))) {
    await removeIfThere(disk, part)
    return ledger.arrivals.record({ ...arrival, stored_as: known.stored_as }, keyId, false)
  }
  // Synced, because a part that a power cut removed would make the file look handed over.
  await syncFolder(disk, dirname(part))
  await ledger.arrivals.recordArriving(arrival, keyId)
  const { inbox } = foldersOfKind(folders, arrival.kind)
  const stored_as = await renameToFree(disk, part, inbox, candidateNames(arrival.filename, arrival.sha256))
  return ledger.arrivals.record({ ...arrival, stored_as }, keyId, true)
}

/**
 * Hands over a file that a loader of a fleet has fetched, into a folder of this machine, and records it. If the loader
 * dies in between, another one repeats it, and two machines have the file.
 */
export async function handOverFetched(
  stores: InboxStores,
  upload: Upload,
  { stored, now }: FetchedFile,
): Promise<void> {
  const { disk, folders, ledger } = stores
  const { inbox, parts } = foldersOfKind(folders, upload.kind)
  await makeFolder(disk, inbox)
  const part = join(parts, `${upload.id}.delivered`)
  await removeIfThere(disk, part)
  await writePart(disk, part, async (file) => {
    for await (const chunk of verifiedContent(disk, stored)) await file.appendFile(chunk)
  })
  const stored_as = await renameToFree(disk, part, inbox, candidateNames(upload.filename, upload.sha256))
  await ledger.uploads.markDelivered(upload.id, stored_as, now)
}

type FetchedFile = Readonly<{ stored: StoredFile; now: number }>

/** Completes the record of a hand-over whose server died. `parts`: names of the remaining parts. False: it was not handed over. */
export async function recoverHandedOver(
  { ledger }: InboxStores,
  arriving: ArrivingFile,
  parts: ReadonlySet<string>,
): Promise<boolean> {
  const { key_id, is_noted: _, ...arrival } = arriving
  if (parts.has(basename(arrival.id))) {
    await ledger.arrivals.removeArriving(arrival.id)
    return false
  }
  await ledger.arrivals.record({ ...arrival, state: 'delivered', stored_as: arrival.filename }, key_id, true)
  return true
}
