/**
 * Hands over files of kinds not loaded here: a file gets its name in `<kind>_inbox`, and its consumer renames it away.
 *
 *   part (durable) ─▶ ledger: arriving ─▶ the part is renamed to its name ─▶ ledger: delivered ─▶ answer
 *
 * Invariants:
 *  1. Once only: the part is gone as soon as the name is there. A server that died in between finds no part, and knows that the file was
 *     handed over, also where it has been taken meanwhile.
 *  2. A name that is there is not overwritten: one hand-over follows the other, and nobody else writes into these folders.
 */
import { basename, dirname, join } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { removeIfThere, renameToFree, syncFolder, writePart } from '@splitcart/shared/durable-file.ts'
import { candidateNames } from '@splitcart/shared/file-name.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'
import { type Folders, foldersOfKind } from '../folders.ts'
import type { Arrival, Arriving, Recorded } from '../ledger/arrivals.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Upload } from '../ledger/uploads.ts'
import { bytesOf, type Stored } from './stored.ts'

/** What the moves of files in an inbox need. */
export type InboxStores = Readonly<{ disk: Disk; folders: Folders; ledger: Ledger }>

/** The part that has arrived, and the key that sent it. */
type Handover = Readonly<{ part: string; keyId: string }>

const turns = new WeakMap<Ledger, Promise<unknown>>()

/** Hands over a file whose part is durable, or finds that its bytes were handed over before (`isNew` false). */
export function handOver(place: InboxStores, arrival: Arrival, sender: Handover): Promise<Recorded> {
  const before = turns.get(place.ledger) ?? Promise.resolve()
  const turn = before.catch(() => {}).then(() => handOverNow(place, arrival, sender))
  turns.set(place.ledger, turn)
  return turn
}

async function handOverNow({ disk, folders, ledger }: InboxStores, arrival: Arrival, { part, keyId }: Handover) {
  const known = await ledger.uploads.findBySha256(arrival.sha256)
  if (known !== undefined && !(await ledger.arrivals.isWantedAgain(known, { keyId, kind: arrival.kind }))) {
    await removeIfThere(disk, part)
    return ledger.arrivals.record({ ...arrival, stored_as: known.stored_as }, keyId, false)
  }
  // Synced, because a part that a power cut removed would make the file look handed over.
  await syncFolder(disk, dirname(part))
  await ledger.arrivals.arrive(arrival, keyId)
  const { inbox } = foldersOfKind(folders, arrival.kind)
  const stored_as = await renameToFree(disk, part, inbox, candidateNames(arrival.filename, arrival.sha256))
  return ledger.arrivals.record({ ...arrival, stored_as }, keyId, true)
}

/**
 * Hands over a file that a loader has fetched from the inbox of a fleet, into its own folder, and notes it. A loader that dies in between has
 * its work done by another one: then the file comes twice, on two machines.
 */
export async function handOverFetched(place: InboxStores, upload: Upload, { stored, now }: Fetched): Promise<void> {
  const { disk, folders, ledger } = place
  const { inbox, parts } = foldersOfKind(folders, upload.kind)
  await makeFolder(disk, inbox)
  const part = join(parts, `${upload.id}.delivered`)
  await removeIfThere(disk, part)
  await writePart(disk, part, async (file) => {
    for await (const chunk of bytesOf(disk, stored)) await file.appendFile(chunk)
  })
  const stored_as = await renameToFree(disk, part, inbox, candidateNames(upload.filename, upload.sha256))
  await ledger.uploads.deliver(upload.id, stored_as, now)
}

type Fetched = Readonly<{ stored: Stored; now: number }>

/** Completes the record of a hand-over whose server died. `parts`: those it left. False: it was not handed over. */
export async function recoverHandedOver(
  { ledger }: InboxStores,
  arriving: Arriving,
  parts: ReadonlySet<string>,
): Promise<boolean> {
  const { key_id, is_noted: _, ...arrival } = arriving
  if (parts.has(basename(arrival.id))) {
    await ledger.arrivals.giveUp(arrival.id)
    return false
  }
  await ledger.arrivals.record({ ...arrival, state: 'delivered', stored_as: arrival.filename }, key_id, true)
  return true
}
