/** The kept files of this machine: the sender's archive, or the server's loaded files. */
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { foldersOfKind } from '@splitcart/data-management/folders.ts'
import { findStored, storedFileExists } from '@splitcart/data-management/inbox/stored.ts'
import { type ArchivedFile, receiptsIn } from '@splitcart/scraping/archive.ts'
import { lockArchive } from '@splitcart/scraping/archive-lock.ts'
import { type Folders, foldersIn, kindsWithOutbox } from '@splitcart/scraping/folders.ts'
import { timeZoneOf } from '@splitcart/shared/day-settings.ts'
import { codeOf, realDisk } from '@splitcart/shared/disk.ts'
import { isLoadedKind } from '@splitcart/shared/kinds.ts'
import { findKept, originalNameIn } from '@splitcart/shared/packed/kept-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import { loadSettings, loadSettingsWithKey } from './command-line.ts'
import type { DataManagement } from './data-management.ts'

/** A kept file. `isRight`: whether this SHA-256 is that of its original content. */
export type KeptFile = Readonly<{
  name: string
  path: string
  kind: string
  /** State by its receipt; undefined for the server's own files. */
  state?: string
  isRight: (sha256: string) => boolean | Promise<boolean>
  /** Fetches a damaged file from the other machine; returns what was done, as text. */
  obtain: () => Promise<string>
}>

/** The kept files of one side. `about`: name of the place, for messages. */
export type KeptFiles = AsyncDisposable &
  Readonly<{
    side: 'scraping' | 'data-management'
    about: string
    /** Time zone of printed dates. */
    zone: TimeZone
    list: () => AsyncGenerator<KeptFile>
    /** Finds the file with this name or SHA-256. Throws `not_found`. */
    find: (text: string) => Promise<KeptFile>
  }>

/** Opens the kept files of a side: the server's with --server, or if this machine has no archive. */
export async function openKeptFiles(options: Readonly<{ server?: boolean; obtain?: boolean }>): Promise<KeptFiles> {
  const settings = options.obtain ? loadSettingsWithKey(options, 'scraping') : loadSettings(options, 'scraping')
  const hasArchive = existsSync(foldersIn(settings.SCRAPING_DATA_DIR).archive)
  const own = loadSettings(options, 'data-management')
  const isServer = options.server ?? (!hasArchive && existsSync(own.DATA_MANAGEMENT_DATA_DIR))
  if (isServer) return await openServerFiles(own)
  if (options.obtain) (await import('./network.ts')).setUpNetwork(settings)
  return archiveFiles(settings)
}

// A file changes its form at most twice: from plain to gzip, and then to packed.
const READ_TRIES_MAX = 3

/** Reads a file at its current path: it may have been packed since it was found. Undefined if it is gone. */
export async function readKept<T>(file: KeptFile, read: (file: KeptFile) => Promise<T>): Promise<T | undefined> {
  const folder = dirname(file.path)
  let path: string | undefined = file.path
  for (let tries = 0; path !== undefined && tries < READ_TRIES_MAX; tries++) {
    try {
      return await read({ ...file, path })
    } catch (error) {
      const isOwn = error instanceof Error && 'path' in error && String(error.path).startsWith(folder)
      if (codeOf(error) !== 'ENOENT' || !isOwn) throw error
    }
    path = await findKept(realDisk(), folder, originalNameIn(basename(file.path))!)
  }
  return undefined
}

function archiveFiles(settings: Settings): KeptFiles {
  const { SCRAPING_DATA_DIR: dataDir } = settings
  const list = async function* (wanted?: string) {
    for (const kind of await kindsWithOutbox(realDisk(), dataDir)) {
      const folders = foldersIn(dataDir, kind)
      if (!existsSync(folders.archive)) continue
      const skips = (name: string) => wanted !== undefined && name !== wanted
      for await (const archived of receiptsIn(realDisk(), folders, skips)) {
        const path = await findKept(realDisk(), folders.archive, archived.name)
        if (path !== undefined)
          yield {
            ...keptArchiveFile(archived, path, kind),
            obtain: () => obtainFromServer(settings, folders, archived),
          }
      }
    }
  }
  return {
    side: 'scraping',
    about: 'the archive',
    zone: timeZoneOf(settings),
    list,
    find: (text) => findByName(list(originalNameIn(text)), text),
    ...NOTHING_OPEN,
  }
}

/** Fetches a file from the server, under the lock that keeps upload-data off the archive. */
async function obtainFromServer(settings: Settings, folders: Folders, archived: ArchivedFile): Promise<string> {
  const { API_SERVER_URL: server, API_SECRET_KEY: key } = settings
  if (server === undefined || key === undefined)
    throw new Problem('settings_invalid', '\n  --obtain: API_SERVER_URL and API_SECRET_KEY say where to get it from')
  const { obtain } = await import('@splitcart/scraping/obtain.ts')
  const { createUploadClient } = await import('@splitcart/scraping/upload-client.ts')
  using _lock = await lockArchive(folders, { msMax: LOCK_MS_MAX })
  const became = await obtain({ disk: realDisk(), folders, client: createUploadClient({ server, key }) }, archived)
  return became === 'obtained' ? 'obtained from the server' : 'changed after it was sent: upload-data sends it again'
}

async function requestFromSender(machine: DataManagement, path: string, daysMax: number): Promise<string> {
  const { requestAgain } = await import('@splitcart/data-management/inbox/request-again.ts')
  await requestAgain(machine, { path, now: Date.now(), daysMax })
  return 'its sender is asked for it, and sends it with its next upload-data'
}

const LOCK_MS_MAX = 60_000
const NOTHING_OPEN = { [Symbol.asyncDispose]: async () => {} }

function keptArchiveFile({ name, receipt }: ArchivedFile, path: string, kind: string) {
  return { name, path, kind, state: receipt.state, isRight: (sha256: string) => sha256 === receipt.sha256 }
}

async function findByName(files: AsyncGenerator<KeptFile>, text: string): Promise<KeptFile> {
  for await (const file of files)
    if (file.name === (originalNameIn(text) ?? text) || (await file.isRight(text))) return file
  throw new Problem('not_found', `no archived file has the name or SHA-256 ${JSON.stringify(text)}`)
}

/** The server's files. Its modules are imported only here: loading them would slow commands on the archive. */
async function openServerFiles(settings: Settings): Promise<KeptFiles> {
  const { openDataManagement } = await import('./data-management.ts')
  const machine = await openDataManagement(settings)
  const { disk, folders, ledger } = machine
  const list = async function* () {
    for (const kind of settings.KINDS.filter(isLoadedKind)) {
      const { processed } = foldersOfKind(folders, kind)
      for (const entry of (existsSync(processed) ? await disk.readdir(processed) : []).sort()) {
        const name = originalNameIn(entry)
        const isRight = (sha256: string) => ledger.uploads.has(sha256)
        const path = join(processed, entry)
        const obtain = () => requestFromSender(machine, path, settings.PROCESSED_DAYS_MAX)
        if (name !== undefined) yield { name, path, kind, isRight, obtain }
      }
    }
  }
  return {
    side: 'data-management',
    about: 'what the server has loaded',
    zone: machine.zone,
    list,
    find: (text) => findStoredFile(machine, text),
    [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
  }
}

async function findStoredFile(machine: DataManagement, text: string): Promise<KeptFile> {
  const { requireUpload } = await import('./run-action.ts')
  const { disk, folders } = machine
  const upload = await requireUpload(machine, originalNameIn(text) ?? text)
  const stored = await findStored(disk, folders, upload)
  const { filename: name, kind, state, sha256 } = upload
  const obtain = async () => 'it is not damaged'
  if (stored !== undefined)
    return { name, path: stored.path, kind, state, isRight: (found) => found === sha256, obtain }
  if (await storedFileExists(disk, folders, upload)) throw new Problem('kept_damaged', name)
  throw new Problem('not_found', `the file of ${name} is no longer here: it was pruned or removed`)
}
