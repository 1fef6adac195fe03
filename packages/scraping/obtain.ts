/**
 * Gets archived files that are damaged from the server, which has them, with this machine's own key.
 *
 *   content ──▶ part (durable) ──▶ its SHA-256 is right ──▶ the damaged file aside ──▶ the file has its name again
 */
import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { land, removeIfThere, writePart } from '@splitcart/shared/durable-file.ts'
import { DamagedPack, mendBase } from '@splitcart/shared/packed/bases.ts'
import { setDamagedAside } from '@splitcart/shared/packed/compact.ts'
import { findKept, isDamage, keptContent, keptDigest } from '@splitcart/shared/packed/kept-file.ts'
import { readWhole } from '@splitcart/shared/packed/read-whole.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { type Archived, receiptsIn } from './archive.ts'
import type { Folders } from './folders.ts'
import type { UploadClient } from './upload-client.ts'

type Obtaining = Readonly<{ disk: Disk; folders: Folders; client: Pick<UploadClient, 'content'> }>

/** Makes a damaged file whole again. Throws what the server says where it does not have it, or gives other bytes. */
export async function obtain(obtaining: Obtaining, archived: Archived): Promise<void> {
  const { disk, folders } = obtaining
  const { name, receipt } = archived
  const path = await findKept(disk, folders.archive, name)
  const base = path === undefined ? undefined : await baseMissed(disk, path)
  // All that was packed with it is whole again with it.
  if (base !== undefined && (await obtainBase(obtaining, base)) && (await keptDigest(disk, path!)) === receipt.sha256)
    return
  const part = await fetchPart(obtaining, archived)
  if (path !== undefined) await setDamagedAside(disk, path)
  await land(disk, part, folders.archive, [name])
}

/** The SHA-256 of the base that a file lacks, where that is why it cannot be read. */
async function baseMissed(disk: Disk, path: string): Promise<string | undefined> {
  try {
    for await (const _ of keptContent(disk, path));
  } catch (error) {
    if (!isDamage(error)) throw error
    if (error instanceof DamagedPack) return error.base
  }
  return undefined
}

/** False where the archive does not know the file that was the base. */
async function obtainBase(obtaining: Obtaining, sha256: string): Promise<boolean> {
  const { disk, folders } = obtaining
  for await (const archived of receiptsIn(disk, folders)) {
    if (archived.receipt.sha256 !== sha256) continue
    const part = await fetchPart(obtaining, archived)
    await mendBase(disk, dirname(part), await readWhole(disk, part))
    await removeIfThere(disk, part)
    return true
  }
  return false
}

async function fetchPart({ disk, folders, client }: Obtaining, { name, receipt }: Archived): Promise<string> {
  const part = join(folders.archive, `.${receipt.sha256}.gz.part`)
  await removeIfThere(disk, part)
  await writePart(disk, part, async (target) => {
    const hash = createHash('sha256')
    for await (const portion of client.content(receipt.id)) {
      hash.update(portion)
      await target.appendFile(portion)
    }
    if (hash.digest('hex') !== receipt.sha256)
      throw new Problem('answer_unknown', `the server gave other bytes for ${name}`)
  })
  return part
}
