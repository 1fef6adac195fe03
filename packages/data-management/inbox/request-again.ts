/** Requests damaged files from their senders again, and puts what arrives in their place. */
import { basename, join } from 'node:path'
import { Digester } from '@splitcart/shared/digest.ts'
import { type Disk, undefinedIfMissing } from '@splitcart/shared/disk.ts'
import { publish } from '@splitcart/shared/durable-file.ts'
import { candidateNames } from '@splitcart/shared/file-name.ts'
import { setDamagedAside } from '@splitcart/shared/packed/compact.ts'
import { DamagedPack, isUnreadable } from '@splitcart/shared/packed/damage.ts'
import { findUnreadableBase, KEPT_ENDINGS, keptContent, originalNameIn } from '@splitcart/shared/packed/kept-file.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { foldersOfKind } from '../folders.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Upload } from '../ledger/uploads.ts'
import type { InboxStores } from './hand-over.ts'
import { findStored } from './stored.ts'

/** A damaged file. Uploads loaded more than `daysMax` days ago are not requested: they are pruned soon anyway. */
export type DamagedProcessedFile = Readonly<{ path: string; now: number; daysMax: number }>

/** Requests the content of a damaged file, and the base that it needs, from their senders. Returns the new requests. */
export async function requestAgain(
  places: InboxStores,
  { path, now, daysMax }: DamagedProcessedFile,
): Promise<Upload[]> {
  const { disk, ledger } = places
  const requested: Upload[] = []
  const since = now - daysMax * DAY_MS
  const named = await ledger.requestedFiles.findByStoredName(originalNameIn(basename(path)) ?? '')
  const kept = named.filter((upload) => shouldBeKept(upload, since))
  // A base is needed as long as what was packed with it, however old it is itself.
  const base = named.length > 0 && kept.length === 0 ? undefined : await findUnreadableBase(disk, path)
  const ofBase = base === undefined ? undefined : await ledger.uploads.findBySha256(base)
  for (const upload of ofBase ? [ofBase, ...kept] : kept)
    if (!(await isReadable(places, upload)) && (await ledger.requestedFiles.add(upload.id, now))) requested.push(upload)
  return requested
}

/** Whether the file of an upload should be here: loaded ones are pruned some day, undone ones wait for a person. */
function shouldBeKept({ state, settled_at, received_at }: Upload, since: number): boolean {
  return state === 'held' || (state === 'loaded' && (settled_at ?? received_at) >= since)
}

/** Whether the bytes of an upload are here, and can be read. */
async function isReadable({ disk, folders }: InboxStores, upload: Upload): Promise<boolean> {
  try {
    return (await findStored(disk, folders, upload)) !== undefined
  } catch (error) {
    if (!isUnreadable(error)) throw error
    return false
  }
}

/** Puts a requested file, received as a durable part, among the processed ones; sets damaged files there aside. */
export async function restoreFile({ disk, folders, ledger }: InboxStores, part: string, upload: Upload): Promise<void> {
  const { processed } = foldersOfKind(folders, upload.kind)
  const names = [...candidateNames(upload.stored_as, upload.sha256)]
  const damaged: string[] = []
  for (const [place, name] of names.entries())
    for (const ending of KEPT_ENDINGS) {
      const path = join(processed, name + ending)
      // Only the first name may be another upload's, too.
      if (await isDamaged(disk, path, ledger, place > 0)) damaged.push(path)
    }
  await publish(disk, part, processed, names)
  for (const path of damaged) await setDamagedAside(disk, path)
  await ledger.requestedFiles.remove(upload.id)
}

/**
 * Whether a file is damaged: its content is that of no upload, or it cannot be read. `isOwn`: only this upload can have
 * its name. A pack of another upload that only lacks a known base is not damaged: the base is requested by itself.
 */
async function isDamaged(disk: Disk, path: string, { uploads }: Ledger, isOwn: boolean): Promise<boolean> {
  const digester = new Digester()
  try {
    for await (const chunk of keptContent(disk, path)) digester.hash(chunk)
  } catch (error) {
    if (!isUnreadable(error)) return undefinedIfMissing(error) ?? false
    const base = error instanceof DamagedPack ? error.base : undefined
    return isOwn || base === undefined || !(await uploads.has(base))
  }
  return !(await uploads.has(digester.digest().sha256))
}
