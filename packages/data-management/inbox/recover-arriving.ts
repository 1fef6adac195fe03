/**
 * Completes uploads that a crashed server accepted only in part. Only the server does this, and before it takes any
 * upload: then nothing else is arriving. It also precedes the removal of the parts, which tell what was handed over.
 */
import { basename } from 'node:path'
import { undefinedIfMissing } from '@splitcart/shared/disk.ts'
import { syncFolder } from '@splitcart/shared/durable-file.ts'
import { isLoadedKind } from '@splitcart/shared/kinds.ts'
import { foldersOfKind } from '../folders.ts'
import type { ArrivingFile } from '../ledger/arrivals.ts'
import { type InboxStores, recoverHandedOver } from './hand-over.ts'
import { findInInbox } from './stored.ts'

/**
 * Records the arriving files that have their name in the inbox, or are on record already, as accepted for their
 * senders, and gives up the others, which left nothing. Returns the names of those accepted.
 */
export async function recoverArriving(stores: InboxStores): Promise<string[]> {
  const accepted: string[] = []
  const unrecorded = await stores.ledger.arrivals.list()
  // Synced first: a name that is found afterwards is durable, because nobody else adds names now.
  for (const kind of new Set(unrecorded.map(({ kind }) => kind))) await syncInbox(stores, kind)
  const parts = new Set(await stores.disk.readdir(stores.folders.parts))
  for (const arriving of unrecorded) {
    const mend = isLoadedKind(arriving.kind) ? recoverOne(stores, arriving) : recoverHandedOver(stores, arriving, parts)
    if (await mend) accepted.push(arriving.filename)
  }
  return accepted
}

/** Makes the names in an inbox durable. A kind that the server no longer accepts may have no folder. */
async function syncInbox({ disk, folders }: InboxStores, kind: string): Promise<void> {
  await syncFolder(disk, foldersOfKind(folders, kind).inbox).catch(undefinedIfMissing)
}

async function recoverOne({ disk, folders, ledger }: InboxStores, arriving: ArrivingFile): Promise<boolean> {
  const { key_id, is_noted: _, ...arrival } = arriving
  const stored = await findInInbox(disk, folders, { ...arrival, stored_as: arrival.filename })
  // Asked after looking for the file: one that the loader has taken out of the inbox meanwhile is on record.
  const isKnown = await ledger.uploads.has(arrival.sha256)
  if (stored === undefined && !isKnown) {
    await ledger.arrivals.removeArriving(arrival.id)
    return false
  }
  await ledger.arrivals.record(
    { ...arrival, state: 'accepted', stored_as: basename(stored?.path ?? arrival.filename) },
    key_id,
    stored !== undefined,
  )
  return true
}
