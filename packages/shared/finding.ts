/** What `splitcart doctor` finds: one line a check, and what to do where something is not as it should be. */
import { type Disk, systemFaultOf } from './disk.ts'

/** `fail`: it cannot work like this. `warn`: it works, and somebody should know. */
export type Finding = Readonly<{ check: string; state: 'ok' | 'warn' | 'fail'; detail: string; todo?: string }>

/** A finding with nothing to do. */
export function ok(check: string, detail: string): Finding {
  return { check, state: 'ok', detail }
}

/** A finding that somebody should know. */
export function warn(check: string, detail: string, todo: string): Finding {
  return { check, state: 'warn', detail, todo }
}

/** A finding that keeps it from working. */
export function fail(check: string, detail: string, todo: string): Finding {
  return { check, state: 'fail', detail, todo }
}

/** Runs a check; what the system refuses is a finding too. */
export async function examine(check: string, todo: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look()
  } catch (error) {
    const fault = systemFaultOf(error)
    if (fault === undefined) throw error
    return fail(check, fault, todo)
  }
}

/** Whether there is room on the disk of a folder: `bytesMin` or it fails, twice as much or it is told. Also for new files. */
export async function roomFinding(disk: Disk, folder: string, bytesMin: number): Promise<Finding> {
  const { bavail, bsize, files, ffree } = await disk.statfs(folder)
  const mebibytes = Math.floor((bavail * bsize) / 1024 / 1024)
  const detail = `${mebibytes.toLocaleString('en')} MiB free at ${folder}`
  // Some file systems have no fixed number of files and say 0.
  if (files > 0 && ffree < FILES_MIN)
    return fail('disk', `there is room for ${ffree} more files at ${folder}`, 'Delete files that are not needed.')
  if (bavail * bsize < bytesMin) return fail('disk', detail, 'Make room.')
  return bavail * bsize < 2 * bytesMin ? warn('disk', detail, 'Make room soon.') : ok('disk', detail)
}

const FILES_MIN = 1000

/** Who owns a folder, and who else may look into it. Windows says neither. */
export async function ownerFinding(disk: Disk, check: string, folder: string): Promise<Finding> {
  const stats = await disk.lstat(folder)
  if (!stats.isDirectory()) return fail(check, `${folder} is no folder`, 'Move it away.')
  const uid = process.getuid?.()
  if (uid !== undefined && stats.uid !== uid)
    return warn(
      check,
      `${folder} belongs to another user (${stats.uid}) than the one who asks (${uid})`,
      'Run every command, this one too, as the user of the folder.',
    )
  if (uid !== undefined && (stats.mode & 0o077) !== 0)
    return warn(check, `${folder} can be read by other users`, `Run: chmod 700 ${folder}`)
  return ok(check, folder)
}
