/** What a server that died has left half accepted. Only the server does this, before it takes anything: then nothing else is arriving. */
import { basename } from 'node:path'
import { syncFolder } from '@splitcart/shared/durable-file.ts'
import type { Arriving } from '../ledger/arrivals.ts'
import type { Inbox } from './accept.ts'
import { findInInbox } from './stored.ts'

type Place = Pick<Inbox, 'disk' | 'folders' | 'ledger'>

/** Accepts what has its name in the inbox already, for its sender; of the rest nothing is there. Returns the names. */
export async function mendArriving(place: Place): Promise<string[]> {
  const accepted: string[] = []
  const left = await place.ledger.arrivals.list()
  // Nobody gives names any more: those that are found there are durable.
  if (left.length > 0) await syncFolder(place.disk, place.folders.inbox)
  for (const arriving of left) if (await mendOne(place, arriving)) accepted.push(arriving.filename)
  return accepted
}

async function mendOne({ disk, folders, ledger }: Place, arriving: Arriving): Promise<boolean> {
  const { key_id, is_noted: _, ...arrival } = arriving
  const stored = await findInInbox(disk, folders, { ...arrival, stored_as: arrival.filename })
  // Asked afterwards: what the loader has taken out of the inbox meanwhile is on record.
  const isKnown = (await ledger.uploads.findBySha256(arrival.sha256)) !== undefined
  if (stored === undefined && !isKnown) {
    await ledger.arrivals.giveUp(arrival.id)
    return false
  }
  await ledger.arrivals.record(
    { ...arrival, stored_as: basename(stored?.path ?? arrival.filename) },
    key_id,
    stored !== undefined,
  )
  return true
}
