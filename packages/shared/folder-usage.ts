/** What lies in a folder, as `splitcart status` tells it on either machine. */
import { join } from 'node:path'
import { codeOf, type Disk, systemFaultOf } from './disk.ts'

/** How many files, how large together, and since when the oldest lies there. */
export type FolderUsage = Readonly<{ files: number; bytes: number; oldest_at: string | null }>

/** The files that are complete, as people see them. */
export function isShown(name: string): boolean {
  return !name.startsWith('.')
}

/** Adds up the files of a folder whose names count. A folder that is missing is empty; throws what the system refuses. */
export async function folderUsage(
  disk: Disk,
  folder: string,
  counts: (name: string) => boolean = isShown,
): Promise<FolderUsage> {
  let [files, bytes, oldest] = [0, 0, Number.POSITIVE_INFINITY]
  for (const name of ((await disk.readdir(folder).catch(gone)) ?? []).filter(counts)) {
    const stats = await disk.lstat(join(folder, name)).catch(gone)
    if (!stats?.isFile()) continue
    files++
    bytes += stats.size
    oldest = Math.min(oldest, stats.mtimeMs)
  }
  return { files, bytes, oldest_at: files === 0 ? null : new Date(oldest).toISOString() }
}

/** Collects what cannot be looked at as sentences, so that the rest is told all the same. */
export class Inspections {
  readonly problems: string[] = []

  /** What `look` finds; null where this machine refuses it. */
  async at<T>(what: string, look: () => T | Promise<T>): Promise<T | null> {
    try {
      return await look()
    } catch (error) {
      const fault = systemFaultOf(error)
      if (fault === undefined) throw error
      this.problems.push(`${what} cannot be looked at: ${fault}`)
      return null
    }
  }
}

function gone(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error
}
