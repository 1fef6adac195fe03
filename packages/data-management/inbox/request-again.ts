/** Files that are damaged here, and what is done about them: their senders are asked for them, and what comes takes their place. */
import { basename, join } from 'node:path'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import { land } from '@splitcart/shared/durable-file.ts'
import { namesFor } from '@splitcart/shared/file-name.ts'
import { DamagedPack } from '@splitcart/shared/packed/bases.ts'
import { setDamagedAside } from '@splitcart/shared/packed/compact.ts'
import { isDamage, KEPT_ENDINGS, keptContent, keptDigest, nameKept } from '@splitcart/shared/packed/kept-file.ts'
import { type Folders, foldersOfKind } from '../folders.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Upload } from '../ledger/uploads.ts'
import { findStored } from './stored.ts'

type Places = Readonly<{ disk: Disk; folders: Folders; ledger: Ledger }>

/** Requests what a damaged file held from those who sent it, and the base that it needs. Returns the uploads that are newly requested. */
export async function requestAgain({ disk, folders, ledger }: Places, path: string, now: number): Promise<Upload[]> {
  const requested: Upload[] = []
  const base = await baseMissed(disk, path)
  const ofBase = base === undefined ? undefined : await ledger.uploads.findBySha256(base)
  for (const upload of [
    ...(ofBase ? [ofBase] : []),
    ...(await ledger.requestedFiles.uploadsNamed(nameKept(basename(path)) ?? '')),
  ])
    if ((await findStored(disk, folders, upload)) === undefined && (await ledger.requestedFiles.add(upload.id, now)))
      requested.push(upload)
  return requested
}

/** The SHA-256 of the base that a file lacks, where that is why it cannot be read. */
async function baseMissed(disk: Disk, path: string): Promise<string | undefined> {
  try {
    for await (const _ of keptContent(disk, path));
  } catch (error) {
    if (error instanceof DamagedPack) return error.base
    if (!isDamage(error) && codeOf(error) !== 'ENOENT') throw error
  }
  return undefined
}

/** Puts a file that was requested, and has come as a durable part, where it belongs; what is damaged there moves aside. */
export async function restoreFile({ disk, folders, ledger }: Places, part: string, upload: Upload): Promise<void> {
  const { processed } = foldersOfKind(folders, upload.kind)
  const names = [...namesFor(upload.stored_as, upload.sha256)]
  const damaged: string[] = []
  for (const name of names)
    for (const ending of KEPT_ENDINGS) {
      const path = join(processed, name + ending)
      if (await isDamaged(disk, path, ledger)) damaged.push(path)
    }
  await land(disk, part, processed, names)
  for (const path of damaged) await setDamagedAside(disk, path)
  await ledger.requestedFiles.remove(upload.id)
}

/** Whether a file is there that no upload came with. */
async function isDamaged(disk: Disk, path: string, { uploads }: Ledger): Promise<boolean> {
  try {
    const sha256 = await keptDigest(disk, path)
    return sha256 === undefined || (await uploads.findBySha256(sha256)) === undefined
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    return false
  }
}
