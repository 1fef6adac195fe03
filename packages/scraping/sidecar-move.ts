/**
 * Moves a file out of the outbox together with a sidecar that gives the reason: the receipt, or the problem.
 *
 *   sidecar written (durable) ──▶ file moved (durable)
 *
 * The sidecar comes first: a file never lies in the archive or in product_refused without its reason. A crash between
 * the two leaves a sidecar without a file, which the next run overwrites.
 */
import { join } from 'node:path'
import { digestOfFile } from '@splitcart/shared/digest.ts'
import { type Disk, isMissing, isUnchanged, undefinedIfMissing } from '@splitcart/shared/disk.ts'
import { move, removeIfThere, replace } from '@splitcart/shared/durable-file.ts'
import { candidateNames, stemOf } from '@splitcart/shared/file-name.ts'
import { findKept, keptDigest } from '@splitcart/shared/packed/kept-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { type FileStats, fileStatsOf } from './outbox.ts'

/** A file of known content, and its sidecar, to be named `<stem><sidecarEnding>`. */
export type FileWithSidecar = Readonly<{
  path: string
  name: string
  sentStats: FileStats
  sha256: string
  sidecarEnding: string
  sidecar: object
}>

/** Moves a file into a folder, its sidecar first; returns its new name. Safe to repeat after a crash at any point. */
export async function moveWithSidecar(disk: Disk, file: FileWithSidecar, folder: string): Promise<string> {
  await mustBeSame(disk, file)
  const name = await freeOrOwnName(disk, file, folder)
  await replace(disk, join(folder, stemOf(name) + file.sidecarEnding), `${JSON.stringify(file.sidecar, null, 2)}\n`)
  await move(disk, file.path, folder, [name])
  return name
}

/** Removes sidecar parts left by interrupted writes; after a power cut one may exist beside its sidecar. */
export async function removeSidecarParts(disk: Disk, folder: string): Promise<void> {
  for (const name of await disk.readdir(folder))
    if (/\.jsonl?\.part$/.test(name)) await removeIfThere(disk, join(folder, name))
}

async function mustBeSame(disk: Disk, { path, name, sentStats, sha256 }: FileWithSidecar): Promise<void> {
  const stats = await disk.lstat(path).catch(undefinedIfMissing)
  // A file that differs from what was sent is left to the next run. Times can be reset, so the digest is checked.
  if (
    !stats?.isFile() ||
    !isUnchanged(fileStatsOf(stats), sentStats) ||
    (await digestOfFile(disk, path)).sha256 !== sha256
  )
    throw new Problem('file_changed', `${name} was changed or taken away while it was sent`)
}

async function freeOrOwnName(
  disk: Disk,
  { name, sha256, sentStats }: FileWithSidecar,
  folder: string,
): Promise<string> {
  for (const candidate of candidateNames(name, sha256)) {
    const path = await findKept(disk, folder, candidate)
    if (
      path === undefined
        ? await isMissing(disk, join(folder, candidate))
        : await holds(disk, path, { sha256, sentStats })
    )
      return candidate
  }
  throw new Error(`Every name for ${name} in ${folder} is taken by other bytes.`)
}

async function holds(
  disk: Disk,
  path: string,
  { sha256, sentStats }: Pick<FileWithSidecar, 'sha256' | 'sentStats'>,
): Promise<boolean> {
  if (path.endsWith('.jsonl') && (await disk.lstat(path)).size !== sentStats.size) return false
  return (await keptDigest(disk, path)) === sha256
}
