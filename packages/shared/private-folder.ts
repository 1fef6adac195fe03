/**
 * Whether a data folder belongs to who works in it, alone. Names in a folder can be exchanged by everybody who may write to it,
 * between any two looks at them: so a folder that others may write to, or that a link could lead elsewhere, is not worked in at all.
 */
import { dirname } from 'node:path'
import { codeOf, type Disk } from './disk.ts'
import { Problem } from './problem.ts'
import { userName } from './user-name.ts'

const GROUP_MAY_WRITE = 0o020
const ANYBODY_MAY_WRITE = 0o002
const PERMISSIONS = 0o777

/** Who works here: the effective user id, or null on Windows, which has access lists instead. */
export type User = number | null

/** Throws `folder_unsafe` for one of these folders that is a link, belongs to another user, or that others may write to. A missing one is fine. */
export async function checkPrivate(
  disk: Disk,
  folders: readonly string[],
  user: User = process.geteuid?.() ?? null,
): Promise<void> {
  for (const path of folders) {
    const fault = await faultOf(disk, path, user)
    if (fault !== undefined) throw new Problem('folder_unsafe', fault)
  }
}

async function faultOf(disk: Disk, path: string, user: User): Promise<string | undefined> {
  const stats = await disk.lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'EACCES') return 'closed'
    if (codeOf(error) !== 'ENOENT') throw error
  })
  if (stats === 'closed')
    return `${path} is closed to the user ${nameOf(user)} (EACCES); ${asOwner(await ownerAbove(disk, path))}`
  if (stats === undefined) return undefined
  if (stats.isSymbolicLink())
    return `${path} is a link; name the folder that it leads to, or put the folder itself there`
  if (!stats.isDirectory()) return `${path} is no folder`
  if (user === null) return undefined
  if (stats.uid !== user)
    return `${path} belongs to the user ${nameOf(stats.uid)}, not to ${nameOf(user)}; ${wayOut(stats.uid, user, path)}`
  // A group of the user's own number is, as Linux makes users, the user alone; where umask is 002, folders are open to it.
  const isOwnGroup = user !== 0 && stats.gid === user
  if ((stats.mode & (isOwnGroup ? ANYBODY_MAY_WRITE : ANYBODY_MAY_WRITE | GROUP_MAY_WRITE)) === 0) return undefined
  const mode = (stats.mode & PERMISSIONS).toString(8)
  return `others may write to ${path} (its mode is ${mode}); run: chmod go-w ${path}`
}

/** A folder is never taken from a server that may be running in it; what root has made by mistake is given back. */
function wayOut(owner: number, user: number, path: string): string {
  if (owner !== 0) return asOwner(owner)
  return `work as root, or, where sudo made it by mistake, run: sudo chown -R ${nameOf(user)} ${path}`
}

function asOwner(owner: number | undefined): string {
  return owner === undefined ? 'work as its owner' : `run it as its owner: sudo -u ${nameOf(owner)} splitcart …`
}

function nameOf(user: User): string {
  return user === null ? '?' : userName(user)
}

/** Who owns the folder in which one that cannot be looked at lies. */
async function ownerAbove(disk: Disk, path: string): Promise<number | undefined> {
  const parent = dirname(path)
  if (parent === path) return undefined
  try {
    return (await disk.lstat(parent)).uid
  } catch {
    // This one is closed as well.
    return ownerAbove(disk, parent)
  }
}
