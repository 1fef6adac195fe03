/** Counts and sizes of the files in a folder, for `splitcart status` on either machine. */
import { join } from 'node:path'
import { type Disk, systemErrorMessage, undefinedIfMissing } from './disk.ts'

/** The number of files, their total size, and when the oldest was modified (ISO; null if none). */
export type FolderUsage = Readonly<{ files: number; bytes: number; oldest_at: string | null }>

/** Whether a name is that of a complete file: those in progress start with a dot. */
export function isCompleteFile(name: string): boolean {
  return !name.startsWith('.')
}

/** Adds up the files whose names `counts` accepts. A missing folder is empty; throws other system errors. */
export async function folderUsage(
  disk: Disk,
  folder: string,
  counts: (name: string) => boolean = isCompleteFile,
): Promise<FolderUsage> {
  let [files, bytes, oldest] = [0, 0, Number.POSITIVE_INFINITY]
  for (const name of ((await disk.readdir(folder).catch(undefinedIfMissing)) ?? []).filter(counts)) {
    const stats = await disk.lstat(join(folder, name)).catch(undefinedIfMissing)
    if (!stats?.isFile()) continue
    files++
    bytes += stats.size
    oldest = Math.min(oldest, stats.mtimeMs)
  }
  return { files, bytes, oldest_at: files === 0 ? null : new Date(oldest).toISOString() }
}

/** Collects system errors of inspections as sentences, so that one failure does not hide the other results. */
export class Inspections {
  readonly problems: string[] = []

  /** The result of `inspection`; null, with an entry in `problems`, if it fails with a system error. */
  async inspect<T>(what: string, inspection: () => T | Promise<T>): Promise<T | null> {
    try {
      return await inspection()
    } catch (error) {
      const fault = systemErrorMessage(error)
      if (fault === undefined) throw error
      this.problems.push(`${what} cannot be looked at: ${fault}`)
      return null
    }
  }
}
