/**
 * Checks that only the current user can write to a data folder. A user with write access can swap names in it between
 * any two calls: so a folder that is a symbolic link, or that other users may write to, is refused.
 */
import { dirname } from 'node:path'
import { codeOf, type Disk } from './disk.ts'
import { Problem } from './problem.ts'
import { userName } from './user-name.ts'

const GROUP_MAY_WRITE = 0o020
const ANYBODY_MAY_WRITE = 0o002
const PERMISSIONS = 0o777

/** The effective user id of this process; null on Windows, which has access lists instead. */
export type UserId = number | null

/** Throws `folder_unsafe` for a folder that is a link, another user's, or writable by others. A missing one is fine. */
export async function checkPrivate(
  disk: Disk,
  folders: readonly string[],
  user: UserId = process.geteuid?.() ?? null,
): Promise<void> {
  for (const path of folders) {
    const fault = await faultOfFolder(disk, path, user)
    if (fault !== undefined) throw new Problem('folder_unsafe', fault)
  }
}

async function faultOfFolder(disk: Disk, path: string, user: UserId): Promise<string | undefined> {
  const stats = await disk.lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'EACCES') return 'closed'
    if (codeOf(error) !== 'ENOENT') throw error
  })
  if (stats === 'closed')
    return `${path} is closed to the user ${userNameOf(user)} (EACCES); ${adviceToWorkAs(await ownerAbove(disk, path))}`
  if (stats === undefined) return undefined
  if (stats.isSymbolicLink())
    return `${path} is a link; name the folder that it leads to, or put the folder itself there`
  if (!stats.isDirectory()) return `${path} is no folder`
  if (user === null) return undefined
  if (stats.uid !== user)
    return `${path} belongs to the user ${userNameOf(stats.uid)}, not to ${userNameOf(user)}; ${adviceFor(stats.uid, user, path)}`
  // Linux gives each user a group of the same id without other members; with umask 002 it may write to new folders.
  const isOwnGroup = user !== 0 && stats.gid === user
  if ((stats.mode & (isOwnGroup ? ANYBODY_MAY_WRITE : ANYBODY_MAY_WRITE | GROUP_MAY_WRITE)) === 0) return undefined
  const mode = (stats.mode & PERMISSIONS).toString(8)
  return `others may write to ${path} (its mode is ${mode}); run: chmod go-w ${path}`
}

/** What to do: never chown a folder that a running server may own; one that root made by mistake is given back. */
function adviceFor(owner: number, user: number, path: string): string {
  if (owner !== 0) return adviceToWorkAs(owner)
  return `work as root, or, where sudo made it by mistake, run: sudo chown -R ${userNameOf(user)} ${path}`
}

function adviceToWorkAs(owner: number | undefined): string {
  return owner === undefined ? 'work as its owner' : `run it as its owner: sudo -u ${userNameOf(owner)} splitcart …`
}

function userNameOf(user: UserId): string {
  return user === null ? '?' : userName(user)
}

/** The user id that owns the nearest readable parent of a folder that cannot be read. */
async function ownerAbove(disk: Disk, path: string): Promise<number | undefined> {
  const parent = dirname(path)
  if (parent === path) return undefined
  try {
    return (await disk.lstat(parent)).uid
  } catch {
    // The parent cannot be read either.
    return ownerAbove(disk, parent)
  }
}
