/**
 * Repairs damaged archived files by downloading them from the server with this machine's key. A file that was written
 * to after it was sent is not damaged: it goes back to the outbox.
 *
 *   content ──▶ part (durable) ──▶ its SHA-256 is right ──▶ the file has its name again
 *   a damaged file of the same name is set aside before that, one of another name after it
 */
import { basename, dirname, join } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { publish, removeIfThere } from '@splitcart/shared/durable-file.ts'
import { hashBytes, repairBase } from '@splitcart/shared/packed/bases.ts'
import { writeVerifiedPart } from '@splitcart/shared/packed/checked-part.ts'
import { setDamagedAside } from '@splitcart/shared/packed/compact.ts'
import { DamagedFile, isUnreadable } from '@splitcart/shared/packed/damage.ts'
import { findKept, findUnreadableBase, keptDigest } from '@splitcart/shared/packed/kept-file.ts'
import { readWhole } from '@splitcart/shared/packed/read-whole.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { type ArchivedFile, compareWithReceipt, receiptsIn } from './archive.ts'
import type { Folders } from './folders.ts'
import { requeue } from './requeue.ts'
import type { UploadClient } from './upload-client.ts'

type ObtainContext = Readonly<{ disk: Disk; folders: Folders; client: Pick<UploadClient, 'content'> }>

/**
 * Repairs a damaged file; one that was changed after it was sent is returned to the outbox. Throws the server's error
 * if it does not have the file, or `answer_unknown` if it gives other bytes.
 */
export async function obtain(context: ObtainContext, archived: ArchivedFile): Promise<'obtained' | 'returned'> {
  const { disk, folders } = context
  const { name, receipt } = archived
  const path = await findKept(disk, folders.archive, name)
  if (path === archived.path && (await wasWrittenTo(disk, archived))) {
    await requeue(disk, folders, archived)
    return 'returned'
  }
  const base = path === undefined ? undefined : await findUnreadableBase(disk, path)
  // Repairing the base repairs every file that was packed against it.
  if (base !== undefined && (await obtainBase(context, base)) && (await keptDigest(disk, path!)) === receipt.sha256)
    return 'obtained'
  const part = await fetchPart(context, archived)
  await replaceDamaged(disk, { part, path: archived.path, damaged: path })
  return 'obtained'
}

type Replacement = Readonly<{ part: string; path: string; damaged: string | undefined }>

/** Replaces a damaged file. One of another name (a packed one) is set aside last: a crash leaves one of the two. */
async function replaceDamaged(disk: Disk, { part, path, damaged }: Replacement): Promise<void> {
  if (damaged === path) await setDamagedAside(disk, path)
  await publish(disk, part, dirname(path), [basename(path)])
  if (damaged !== undefined && damaged !== path) await setDamagedAside(disk, damaged)
}

/** Whether a program has written to a file since it was sent. */
async function wasWrittenTo(disk: Disk, archived: ArchivedFile): Promise<boolean> {
  try {
    return (await compareWithReceipt(disk, archived)) === 'changed'
  } catch (error) {
    if (!isUnreadable(error)) throw error
    return false
  }
}

/** Repairs a base; false if the archive has no receipt of the file that it was made from. */
async function obtainBase(context: ObtainContext, sha256: string): Promise<boolean> {
  const { disk, folders } = context
  for await (const archived of receiptsIn(disk, folders)) {
    if (archived.receipt.sha256 !== sha256) continue
    const part = await fetchPart(context, archived)
    await repairBase(disk, dirname(part), hashBytes(await readWhole(disk, part)))
    await removeIfThere(disk, part)
    return true
  }
  return false
}

async function fetchPart({ disk, folders, client }: ObtainContext, { name, receipt }: ArchivedFile): Promise<string> {
  const part = join(folders.archive, `.${receipt.sha256}.gz.part`)
  const isRight = (sha256: string) => sha256 === receipt.sha256
  await writeVerifiedPart(disk, client.content(receipt.id), { part, isRight }).catch((cause) => {
    if (!(cause instanceof DamagedFile)) throw cause
    throw new Problem('answer_unknown', `the server gave other bytes for ${name}`, { cause })
  })
  return part
}
