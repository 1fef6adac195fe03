/**
 * Accepts an upload: after `accept` has returned, the file survives a power cut and its receipt is on record.
 *
 *   body ─▶ part ─▶ (digest right?) ─▶ (whole?) ─▶ ledger: arriving ─▶ name in the inbox ─▶ ledger: accepted ─▶ answer
 *                                             ├──▶ of a fleet: bucket ─▶ ledger ─▶ work item ─▶ answer
 *                                             └──▶ of a kind that is not loaded here: handOver (hand-over.ts) ─▶ answer
 *                                     (the inbox's `arrive`, from here on)
 *
 * An error before the file gets its name leaves no trace. If the server crashes after that, the sender sends the file
 * again, and it is found here. A file with a name has its sender on record, so nothing is loaded beyond that sender's
 * rights.
 */
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { checkLength, EarlySync, removeIfThere, writePart } from '@splitcart/shared/durable-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { v7 as uuid } from 'uuid'
import type { Folders } from '../folders.ts'
import type { Arrival, RecordedUpload } from '../ledger/arrivals.ts'
import { mayChangeKind } from '../ledger/kind-change.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Upload } from '../ledger/uploads.ts'
import { type DecodedContent, type DecodeLimits, decode, type IncomingBody } from './decode.ts'
import type { Dictionaries } from './dictionaries.ts'
import { inboxOf } from './folder/folder-inbox.ts'
import type { Inbox } from './inbox.ts'

/** What receiving uploads needs. `diskBytesKept`: bytes of disk that must stay free. */
export type ReceivingContext = Readonly<{
  disk: Disk
  folders: Folders
  ledger: Ledger
  /** Default: the folders of this machine. */
  inbox?: Inbox | undefined
  limits: DecodeLimits
  /** The dictionaries that senders may use; undefined: none. */
  dictionaries?: Dictionaries | undefined
  diskBytesKept: number
  /** Throws if the backlog is too large, in total or of this key. */
  checkBacklog: (keyId: string) => Promise<void>
  now: () => number
  /** A monotonic clock in milliseconds. */
  steady: () => number
}>

/** A file that is being uploaded. */
export type IncomingFile = IncomingBody &
  Readonly<{
    /** A checked name that ends in .jsonl. */
    filename: string
    /** A kind that this server accepts. */
    kind: string
    /** The SHA-256 the sender announced, if any. */
    sha256: string | undefined
    keyId: string
    /** Called when the body has been read; throws if the rest of the request is wrong. */
    checkRequestEnd: () => Promise<void>
  }>

/** Accepts a file, or finds that its bytes were accepted before (`isNew` false). */
export async function accept(context: ReceivingContext, sent: IncomingFile): Promise<RecordedUpload> {
  const { disk, folders, ledger } = context
  await context.checkBacklog(sent.keyId)
  await requireDiskSpace(context)
  if (sent.encoding === 'dcz' && sent.sha256 === undefined) throw new Problem('digest_missing')
  const id = uuid()
  const part = join(folders.parts, id)
  const decoded = await writePart(disk, part, async (file) => {
    const early = new EarlySync(file)
    const result = await decode(
      { ...sent, ...dictionaryOf(context, sent) },
      context.limits,
      checkedPart(context, sent, file, early),
    )
    checkDigest(sent.sha256, result)
    await sent.checkRequestEnd()
    await checkLength(file, result.bytes)
    await early.end()
    return result
  })
  await checkKey(context, sent, part)
  const known = await ledger.uploads.findBySha256(decoded.sha256)
  await checkKind(context, sent, known, part)
  const at = context.now()
  const arrival = { ...arrivalOf(sent, decoded, { id, at }), ranked_at: await ledger.arrivals.nextRank(at) }
  return inboxOf(context).arrive({ part, arrival, keyId: sent.keyId, known })
}

function dictionaryOf({ dictionaries }: ReceivingContext, { keyId }: IncomingFile): Pick<IncomingBody, 'dictionary'> {
  return dictionaries === undefined ? {} : { dictionary: (sha256) => dictionaries.lease(sha256, keyId) }
}

function arrivalOf(
  sent: IncomingFile,
  decoded: DecodedContent,
  { id, at }: Readonly<{ id: string; at: number }>,
): Arrival {
  const { sha256, bytes, lines, wireBytes } = decoded
  return {
    id,
    sha256,
    kind: sent.kind,
    state: 'accepted',
    filename: sent.filename,
    stored_as: sent.filename,
    bytes,
    lines,
    wire_bytes: wireBytes,
    received_at: at,
  }
}

/** Throws if less disk is free than must stay free plus `bytes`. */
export async function requireDiskSpace({ disk, folders, diskBytesKept }: ReceivingContext, bytes = 0): Promise<void> {
  const { bavail, bsize } = await disk.statfs(folders.inbox)
  if (bavail * bsize < diskBytesKept + bytes)
    throw new Problem('disk_full', `less than ${diskBytesKept + bytes} bytes are free`)
}

const KEY_CHECKED_EVERY_MS = 2_000
const SPACE_CHECKED_EVERY_BYTES = 64 * 1024 * 1024

/**
 * Writes to the part and syncs it as it grows. Checks regularly that the disk still has space (others write to it, too)
 * and that the key still works.
 */
function checkedPart(
  context: ReceivingContext,
  sent: IncomingFile,
  part: FileHandle,
  early: EarlySync,
): Pick<FileHandle, 'appendFile'> {
  let unchecked = 0
  let checkKeyAt = context.steady() + KEY_CHECKED_EVERY_MS
  return {
    appendFile: async (chunk) => {
      const bytes = (chunk as Uint8Array).length
      unchecked += bytes
      if (unchecked >= SPACE_CHECKED_EVERY_BYTES) {
        unchecked = 0
        await requireDiskSpace(context)
      }
      if (context.steady() >= checkKeyAt) {
        await checkKey(context, sent)
        checkKeyAt = context.steady() + KEY_CHECKED_EVERY_MS
      }
      await part.appendFile(chunk)
      early.wrote(bytes)
    },
  }
}

/** Ends an upload in progress when its key ends: throws `key_refused`, and removes the part. */
async function checkKey(
  { ledger, disk, now }: ReceivingContext,
  { keyId }: IncomingFile,
  part?: string,
): Promise<void> {
  if ((await ledger.keys.findWorking(keyId, now())) !== undefined) return
  if (part !== undefined) await removeIfThere(disk, part)
  throw new Problem('key_refused', 'the key has ended while the file was on its way')
}

/** Refuses known bytes under another kind, unless they failed to load as the first: one upload per bytes. */
async function checkKind(
  { disk }: ReceivingContext,
  { kind }: IncomingFile,
  known: Upload | undefined,
  part: string,
): Promise<void> {
  if (known === undefined || known.kind === kind || mayChangeKind(known, kind)) return
  await removeIfThere(disk, part)
  throw new Problem(
    'kind_differs',
    `they were sent as ${known.kind}, in the upload ${known.id}, which is ${known.state}`,
  )
}

function checkDigest(announced: string | undefined, decoded: DecodedContent): void {
  if (announced !== undefined && announced !== decoded.sha256)
    throw new Problem('digest_mismatch', `the digest says ${announced}, the bytes that arrived are ${decoded.sha256}`)
}
