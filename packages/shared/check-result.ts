/** The results of the checks of `splitcart doctor`, and checks that both machines need. */
import { type Disk, systemErrorMessage } from './disk.ts'

/**
 * The result of a check. `check`: its name. `fail`: the program cannot work. `warn`: it works, but needs attention.
 * `todo`: what to do if it did not pass.
 */
export type CheckResult = Readonly<{ check: string; state: 'ok' | 'warn' | 'fail'; detail: string; todo?: string }>

/** A check that passed. */
export function ok(check: string, detail: string): CheckResult {
  return { check, state: 'ok', detail }
}

/** A check that needs attention. */
export function warn(check: string, detail: string, todo: string): CheckResult {
  return { check, state: 'warn', detail, todo }
}

/** A check that failed: the program cannot work. */
export function fail(check: string, detail: string, todo: string): CheckResult {
  return { check, state: 'fail', detail, todo }
}

/** Runs a check. An error of the operating system becomes a failed result with `todo`; other errors are thrown. */
export async function runCheck(check: string, todo: string, perform: () => Promise<CheckResult>): Promise<CheckResult> {
  try {
    return await perform()
  } catch (error) {
    const fault = systemErrorMessage(error)
    if (fault === undefined) throw error
    return fail(check, fault, todo)
  }
}

/** Checks the free space for a folder: fails below `bytesMin` or 1,000 new files, warns below twice `bytesMin`. */
export async function checkFreeSpace(disk: Disk, folder: string, bytesMin: number): Promise<CheckResult> {
  const { bavail, bsize, files, ffree } = await disk.statfs(folder)
  const mebibytes = Math.floor((bavail * bsize) / 1024 / 1024)
  const detail = `${mebibytes.toLocaleString('en')} MiB free at ${folder}`
  // Some file systems have no fixed number of files and report 0.
  if (files > 0 && ffree < NEW_FILES_MIN)
    return fail('disk', `there is room for ${ffree} more files at ${folder}`, 'Delete files that are not needed.')
  if (bavail * bsize < bytesMin) return fail('disk', detail, 'Make room.')
  return bavail * bsize < 2 * bytesMin ? warn('disk', detail, 'Make room soon.') : ok('disk', detail)
}

const NEW_FILES_MIN = 1000

/** Warns if a folder belongs to another user or is accessible to others. Not checked on Windows. */
export async function checkOwner(disk: Disk, check: string, folder: string): Promise<CheckResult> {
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
