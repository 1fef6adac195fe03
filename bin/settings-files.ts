/**
 * Finds settings files: `.env` in the working directory, then the user's file, then the system's. A file decides where
 * files and the key are sent, so it must belong to this user or root and be writable by no other user.
 */
import { closeSync, constants, existsSync, fstatSync, lstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { homedir } from 'node:os'
import { posix, resolve, win32 } from 'node:path'
import { SETTINGS } from '@splitcart/shared/settings.ts'
import { userName } from '@splitcart/shared/user-name.ts'
import { readEnvFile } from './env-file.ts'

/** A place where a settings file may be. */
export type SettingsFilePath = Readonly<{ from: '.env' | 'user file' | 'system file'; path: string }>

/** A settings file that was read, with its values. */
export type SettingsFile = SettingsFilePath & Readonly<{ values: Readonly<Record<string, string>> }>

/** Result of reading all files. `missing`: paths without a file; `closed`: paths this user may not read. */
export type SettingsSearch = {
  readonly files: SettingsFile[]
  readonly faults: string[]
  readonly remarks: string[]
  readonly missing: string[]
  readonly closed: string[]
}

type Texts = Readonly<Record<string, string | undefined>>

const SETTING_NAMES = Object.keys(SETTINGS)
const BYTES_MAX = 1024 * 1024
const GROUP_MAY_WRITE = 0o020
const ANYBODY_MAY_WRITE = 0o002
// Names that Notepad gives to a file saved as .env.
const MISNAMED_FILES = ['.env.txt', 'env.txt']

/** The places on this machine, highest precedence first. */
export function settingsFilePaths(platform: string, environment: Texts, home: string | undefined): SettingsFilePath[] {
  const folder = userConfigFolder(platform, environment, home)
  const own = platform === 'win32' ? win32 : posix
  return [
    { from: '.env', path: resolve('.env') },
    ...(folder === undefined ? [] : [{ from: 'user file', path: own.join(folder, 'splitcart', FILE_NAME) } as const]),
    ...(platform === 'win32' ? [] : [{ from: 'system file', path: `/etc/splitcart/${FILE_NAME}` } as const]),
  ]
}

const FILE_NAME = 'splitcart.env'

function userConfigFolder(platform: string, environment: Texts, home: string | undefined): string | undefined {
  if (platform === 'win32') return environment.APPDATA || undefined
  if (home === undefined) return undefined
  if (platform === 'darwin') return posix.join(home, 'Library', 'Application Support')
  const { XDG_CONFIG_HOME: named = '' } = environment
  return named.startsWith('/') ? named : posix.join(home, '.config')
}

/** Reads the existing settings files. */
export function findSettingsFiles(
  places = settingsFilePaths(process.platform, process.env, homeOfUser()),
): SettingsSearch {
  const found: SettingsSearch = { files: [], faults: [], remarks: [], missing: [], closed: [] }
  for (const place of places) readSettingsFile(place, found)
  const misnamed = MISNAMED_FILES.find((name) => existsSync(name))
  if (misnamed !== undefined && !existsSync('.env'))
    found.remarks.push(`${resolve(misnamed)} is not read; the name of the file is .env`)
  return found
}

/** The environment, with settings missing there taken from the files. */
export function mergeEnvironment({ files }: SettingsSearch, environment: Texts): Texts {
  const all: Record<string, string | undefined> = {}
  for (const name of SETTING_NAMES) {
    const values = [environment[name], aliasOf(name, environment), ...files.map(({ values }) => values[name])]
    all[name] = values.find((value) => value !== undefined)
  }
  return all
}

/** The origin of a setting that is not given as a flag; undefined if it is not set. */
export function originOf(name: string, { files }: SettingsSearch, environment: Texts) {
  if ((environment[name] ?? aliasOf(name, environment)) !== undefined) return 'environment'
  return files.find(({ values }) => values[name] !== undefined)?.from
}

/** The places where settings were looked for, as a part of a sentence. */
export function describeSearch({ files, missing, closed }: SettingsSearch): string {
  const all = [
    ...files.map(({ path }) => path),
    ...missing.map((path) => `${path} (not there)`),
    ...closed.map((path) => `${path} (this user may not read it)`),
  ]
  return `the environment, ${all.join(', ')}`
}

// Proxy variables are also accepted in lower case, as is usual in other programs.
function aliasOf(name: string, environment: Texts): string | undefined {
  return name.endsWith('_PROXY') ? environment[name.toLowerCase()] : undefined
}

/** The home folder of the user; undefined if there is none. */
export function homeOfUser(): string | undefined {
  try {
    return homedir()
  } catch {
    // A container may run under a uid without a user entry.
    return undefined
  }
}

function readSettingsFile(place: SettingsFilePath, found: SettingsSearch): void {
  const { path, from } = place
  const shown = from === '.env' ? '.env' : path
  try {
    const read = readEnvFile(readTrustedFile(path, shown), SETTING_NAMES)
    found.files.push({ ...place, values: read.values })
    found.faults.push(...read.faults.map((fault) => `${shown}, ${fault}`))
    found.remarks.push(...read.remarks.map((remark) => `${shown}, ${remark}`))
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    // An unreadable folder may have no such file; the system's file may be readable for the server only.
    const isClosed = code === 'EACCES' && (from === 'system file' || syscall === 'lstat')
    if (code === 'ENOENT' || code === 'ENOTDIR') found.missing.push(path)
    else if (isClosed) found.closed.push(path)
    else found.faults.push(error instanceof Untrusted ? error.message : `${shown} cannot be read: ${reasonOf(error)}`)
  }
}

/** Why a settings file is not trusted, as a sentence. */
class Untrusted extends Error {}

function readTrustedFile(path: string, shown: string): Buffer {
  // Another user's link could point to an unrelated file of this user.
  checkOwner(lstatSync(path), shown)
  // Non-blocking: opening a FIFO would wait for a writer.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const stats = fstatSync(file)
    if (!stats.isFile()) throw new Untrusted(`${shown} is no file`)
    if (stats.size > BYTES_MAX) throw new Untrusted(`${shown} is larger than settings can be`)
    checkOwner(stats, shown)
    checkWriters(stats, shown)
    return readFileSync(file)
  } finally {
    closeSync(file)
  }
}

function checkOwner({ uid }: Stats, shown: string): void {
  const user = process.geteuid?.()
  if (user === undefined || uid === user || uid === 0) return
  const owner = userName(uid)
  throw new Untrusted(
    `${shown} belongs to the user ${owner}, not to ${userName(user)}: it could send files and key anywhere. ` +
      `Change to another folder, or work as its owner: sudo -u ${owner} splitcart …`,
  )
}

function checkWriters({ mode, uid, gid }: Stats, shown: string): void {
  if (process.geteuid === undefined) return
  // On Linux a group with the user's own id contains only the user; with umask 002 files are writable by it.
  const mayNot = uid !== 0 && gid === uid ? ANYBODY_MAY_WRITE : ANYBODY_MAY_WRITE | GROUP_MAY_WRITE
  if ((mode & mayNot) !== 0) throw new Untrusted(`others may write to ${shown}; run: chmod go-w ${shown}`)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error && error.code === 'EACCES' ? `this user may not (${error.message})` : error.message
}
