/**
 * Accepts an upload: after `accept` has returned, the file survives a power cut and its receipt is on record.
 *
 *   body ─▶ part ─▶ (digest right?) ─▶ (whole?) ─▶ ledger: arriving ─▶ name in the inbox ─▶ ledger: accepted ─▶ answer
 *                                             ├──▶ of a fleet: bucket ─▶ ledger ─▶ work item ─▶ answer
 *                                             └──▶ of a kind that is not loaded here: handOver (deliver.ts) ─▶ answer
 *
 * Thrown anywhere before the name: no trace is left. A crash behind it: the sender sends again and finds its file here. Whoever finds the
 * name finds its sender on record, and nothing is loaded beyond what that one may write.
 */

import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'
import { type Disk, openToRead } from '@splitcart/shared/disk.ts'
import { checkLength, EarlySync, land, removeIfThere, syncFolder, writePart } from '@splitcart/shared/durable-file.ts'
import { namesFor } from '@splitcart/shared/file-name.ts'
import { isLoadedKind } from '@splitcart/shared/kinds.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { v7 as uuid } from 'uuid'
import { type Folders, foldersOfKind } from '../folders.ts'
import type { Arrival, Recorded } from '../ledger/arrivals.ts'
import { mayChangeKind } from '../ledger/kind-change.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Upload } from '../ledger/uploads.ts'
import { type Body, type Decoded, type DecodeLimits, decode } from './decode.ts'
import { handOver } from './deliver.ts'
import type { Dictionaries } from './dictionaries.ts'
import type { JetStreamInbox } from './jetstream.ts'

/** What is needed to accept uploads. `diskBytesKept` is the free disk that is left alone. */
export type Inbox = Readonly<{
  disk: Disk
  folders: Folders
  ledger: Ledger
  /** The inbox that several machines share; undefined: the folder is it. */
  fleet?: JetStreamInbox | undefined
  limits: DecodeLimits
  /** What senders may name as dictionaries; undefined: nothing. */
  dictionaries?: Dictionaries | undefined
  diskBytesKept: number
  /** Throws when too much waits to be loaded, in all or of a key. */
  checkBacklog: (keyId: string) => Promise<void>
  now: () => number
  /** Milliseconds that pass evenly, whatever happens to the time of day. */
  steady: () => number
}>

/** A file as it is sent. */
export type Sent = Body &
  Readonly<{
    /** Ends in .jsonl, and was checked. */
    filename: string
    /** One that is taken here. */
    kind: string
    /** What the sender says its bytes are, where it says so. */
    sha256: string | undefined
    keyId: string
    /** Called when the body has been read: throws when something is wrong with what surrounds it. */
    whole: () => Promise<void>
  }>

/** Accepts a file, or finds that its bytes were accepted before (`isNew` false). */
export async function accept(inbox: Inbox, sent: Sent): Promise<Recorded> {
  const { disk, folders, ledger } = inbox
  await inbox.checkBacklog(sent.keyId)
  await checkRoom(inbox)
  if (sent.encoding === 'dcz' && sent.sha256 === undefined) throw new Problem('digest_missing')
  const id = uuid()
  const part = join(folders.parts, id)
  const decoded = await writePart(disk, part, async (file) => {
    const early = new EarlySync(file)
    const result = await decode(
      { ...sent, ...dictionaryOf(inbox, sent) },
      inbox.limits,
      roomy(inbox, sent, file, early),
    )
    checkDigest(sent.sha256, result)
    await sent.whole()
    await checkLength(file, result.bytes)
    await early.end()
    return result
  })
  await checkKey(inbox, sent, part)
  const known = await ledger.uploads.findBySha256(decoded.sha256)
  await checkKind(inbox, sent, known, part)
  const received = { inbox, id, sent, decoded, at: await ledger.arrivals.timeOf(inbox.now()) }
  if (inbox.fleet !== undefined) return acceptForFleet(inbox.fleet, received, part)
  const arrival = arrivalOf(received, sent.filename)
  if (!isLoadedKind(sent.kind)) return handOver(inbox, { ...arrival, state: 'delivered' }, { part, keyId: sent.keyId })
  const { inbox: folder } = foldersOfKind(folders, sent.kind)
  if (known !== undefined && !(await ledger.arrivals.isWantedAgain(known, sent))) {
    await removeIfThere(disk, part)
    // Whoever put these bytes there may have died before this.
    await syncFolder(disk, folder)
    return ledger.arrivals.record(arrivalOf(received, known.stored_as), sent.keyId, false)
  }
  await ledger.arrivals.arrive(arrival, sent.keyId)
  // Bytes that are here once more get the name that they have: their earlier copy is found by it.
  const names = namesFor(known?.stored_as ?? sent.filename, decoded.sha256)
  const landed = await land(disk, part, folder, names)
  // Somebody may have sent the same bytes under another name at the same time, and been first. Then there are two copies, and update-db
  // takes one away: only it takes names out of the inbox, or it could take away what has come under the name meanwhile.
  return ledger.arrivals.record(arrivalOf(received, landed.name), sent.keyId, true)
}

function dictionaryOf({ dictionaries }: Inbox, { keyId }: Sent): Pick<Body, 'dictionary'> {
  return dictionaries === undefined ? {} : { dictionary: (sha256) => dictionaries.take(sha256, keyId) }
}

/**
 * Accepts a file into an inbox that machines share. Each step may have been done before, by whoever received the same bytes and died:
 * it is done again, and nothing happens twice.
 */
async function acceptForFleet(fleet: JetStreamInbox, received: Received, part: string) {
  const { inbox, sent, decoded } = received
  const { disk, ledger } = inbox
  try {
    const known = await ledger.uploads.findBySha256(decoded.sha256)
    const isWanted = known === undefined || waits(known) || (await ledger.arrivals.isWantedAgain(known, sent))
    if (isWanted) await fleet.bucket.put(decoded.sha256, () => compressedFrom(disk, part))
    const arrival = arrivalOf(received, known?.stored_as ?? sent.filename)
    const recorded = await ledger.arrivals.record(arrival, sent.keyId, isWanted)
    if (waits(recorded.upload)) await fleet.enqueue(recorded.upload)
    return recorded
  } finally {
    await removeIfThere(disk, part)
  }
}

/** Level 1: it is on the way to the answer, and goes to three servers. */
async function* compressedFrom(disk: Disk, path: string): AsyncGenerator<Uint8Array> {
  const source = await openToRead(disk, path)
  const gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: PORTION_BYTES })
  const end = pipeline(source.createReadStream({ highWaterMark: PORTION_BYTES }), gzip)
  try {
    yield* gzip as AsyncIterable<Buffer>
    await end
  } finally {
    gzip.destroy()
    await end.catch(() => {})
  }
}

function waits({ state }: Upload): boolean {
  return state === 'accepted' || state === 'loading'
}

type Received = Readonly<{ inbox: Inbox; id: string; sent: Sent; decoded: Decoded; at: number }>

function arrivalOf({ id, sent, decoded, at }: Received, storedAs: string): Arrival {
  const { sha256, bytes, lines, wireBytes } = decoded
  return {
    id,
    sha256,
    kind: sent.kind,
    state: 'accepted',
    filename: sent.filename,
    stored_as: storedAs,
    bytes,
    lines,
    wire_bytes: wireBytes,
    received_at: at,
  }
}

/** Throws when less disk is free than is to be kept free, and than is wanted besides. */
export async function checkRoom({ disk, folders, diskBytesKept }: Inbox, bytes = 0): Promise<void> {
  const { bavail, bsize } = await disk.statfs(folders.inbox)
  if (bavail * bsize < diskBytesKept + bytes)
    throw new Problem('disk_full', `less than ${diskBytesKept + bytes} bytes are free`)
}

const PORTION_BYTES = 1024 * 1024
const KEY_CHECKED_EVERY_MS = 2_000
const ROOM_CHECKED_EVERY_BYTES = 64 * 1024 * 1024

/**
 * A part that looks again and again whether there is still room, for others write to this disk as well, and whether its key still works;
 * and is synced as it grows.
 */
function roomy(inbox: Inbox, sent: Sent, part: FileHandle, early: EarlySync): Pick<FileHandle, 'appendFile'> {
  let unchecked = 0
  let checkKeyAt = inbox.steady() + KEY_CHECKED_EVERY_MS
  return {
    appendFile: async (chunk) => {
      const bytes = (chunk as Uint8Array).length
      unchecked += bytes
      if (unchecked >= ROOM_CHECKED_EVERY_BYTES) {
        unchecked = 0
        await checkRoom(inbox)
      }
      if (inbox.steady() >= checkKeyAt) {
        await checkKey(inbox, sent)
        checkKeyAt = inbox.steady() + KEY_CHECKED_EVERY_MS
      }
      await part.appendFile(chunk)
      early.wrote(bytes)
    },
  }
}

/** An upload on its way ends with its key: throws `key_refused`, and leaves no part. */
async function checkKey({ ledger, disk, now }: Inbox, { keyId }: Sent, part?: string): Promise<void> {
  if ((await ledger.keys.working(keyId, now())) !== undefined) return
  if (part !== undefined) await removeIfThere(disk, part)
  throw new Problem('key_refused', 'the key has ended while the file was on its way')
}

/** An upload is its bytes: the same ones are no second upload of another kind, unless nothing could be made of the first. */
async function checkKind({ disk }: Inbox, { kind }: Sent, known: Upload | undefined, part: string): Promise<void> {
  if (known === undefined || known.kind === kind || mayChangeKind(known, kind)) return
  await removeIfThere(disk, part)
  throw new Problem(
    'kind_differs',
    `they were sent as ${known.kind}, in the upload ${known.id}, which is ${known.state}`,
  )
}

function checkDigest(said: string | undefined, decoded: Decoded): void {
  if (said !== undefined && said !== decoded.sha256)
    throw new Problem('digest_mismatch', `the digest says ${said}, the bytes that arrived are ${decoded.sha256}`)
}
