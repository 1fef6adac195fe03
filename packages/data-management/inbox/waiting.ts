/** The files that wait in the inbox, the oldest first. Only regular files are ever opened; everything else is reported. */
import { join } from 'node:path'
import { type Disk, undefinedIfMissing } from '@splitcart/shared/disk.ts'

/** A file in the inbox. Times are milliseconds since 1970. */
export type InboxFile = Readonly<{ name: string; path: string; bytes: number; modifiedAt: number }>

/** An entry of the inbox that is ignored, and why. */
export type IgnoredEntry = Readonly<{ name: string; reason: string }>

const NOT_UPLOADS = new Set(['.part', '.resumable'])

/** Lists the inbox. */
export async function listInbox(disk: Disk, inbox: string): Promise<{ files: InboxFile[]; ignored: IgnoredEntry[] }> {
  const files: InboxFile[] = []
  const ignored: IgnoredEntry[] = []
  for (const name of (await disk.readdir(inbox)).sort()) {
    if (NOT_UPLOADS.has(name)) continue
    const path = join(inbox, name)
    const stat = await disk.lstat(path).catch(undefinedIfMissing)
    if (stat === undefined) {
      // Gone meanwhile, unless the name itself was lost: bytes that are no UTF-8 are read as U+FFFD.
      if (name.includes('\ufffd')) ignored.push({ name, reason: 'its name is not UTF-8' })
      continue
    }
    if (!stat.isFile())
      ignored.push({ name, reason: stat.isSymbolicLink() ? 'a link' : stat.isDirectory() ? 'a folder' : 'not a file' })
    else if (name.startsWith('.')) ignored.push({ name, reason: 'its name starts with a dot' })
    else if (!name.endsWith('.jsonl')) ignored.push({ name, reason: 'its name does not end in .jsonl' })
    else files.push({ name, path, bytes: stat.size, modifiedAt: stat.mtimeMs })
  }
  return { files: files.sort((one, other) => one.modifiedAt - other.modifiedAt), ignored }
}
