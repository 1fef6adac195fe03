/** The settings file and the optional schedule that `connect` installs on a machine. */
import { spawnSync } from 'node:child_process'
import { dirname, resolve } from 'node:path'
import { type Schedule, scheduleFor } from '@splitcart/scraping/schedule.ts'
import { type Disk, isMissing, realDisk } from '@splitcart/shared/disk.ts'
import { remove, replace } from '@splitcart/shared/durable-file.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { ownCommand } from './own-command.ts'
import {
  findSettingsFiles,
  homeOfUser,
  type SettingsFile,
  type SettingsFilePath,
  settingsFilePaths,
} from './settings-files.ts'

/** The settings that `connect` writes and `disconnect` removes. */
export const CONNECTION_SETTINGS = ['API_SERVER_URL', 'API_SECRET_KEY', 'API_SERVER_CA', 'SCRAPING_DATA_DIR'] as const

const KEY_SETTINGS = ['API_SECRET_KEY', 'API_SECRET_KEY_FILE'] as const

/**
 * The file that `connect` writes: `.env` if wanted here, or if it already has settings of SplitCart, which would take
 * precedence; else the user's own file, which applies in every folder.
 */
export function settingsFileToWrite(isHere: boolean): SettingsFilePath {
  const [here, user] = settingsFilePaths(process.platform, process.env, homeOfUser())
  const { files, faults } = findSettingsFiles()
  if (faults.length > 0) throw new Problem('settings_invalid', `\n  ${faults.join('\n  ')}`)
  const own = files.find(({ from }) => from === '.env')
  const isInUse = own !== undefined && Object.keys(own.values).length > 0
  return isHere || isInUse || user?.from !== 'user file' ? here! : user
}

/** The settings files that hold a key, highest precedence first; the system's file is left out. */
export function connectedFiles(): SettingsFile[] {
  const { files } = findSettingsFiles()
  return files.filter(({ from, values }) => from !== 'system file' && values.API_SECRET_KEY !== undefined)
}

/** Throws if a new key would not take effect, or would replace another one without consent. */
export function checkUnconnected(place: SettingsFilePath, isReplacing: boolean): void {
  const set = [...KEY_SETTINGS, 'API_SERVER_URL'].find((name) => process.env[name])
  if (set !== undefined)
    throw new Problem(
      'settings_invalid',
      `\n  ${set} is set in the environment, which counts before any file; unset it`,
    )
  const before = findSettingsFiles().files.find(({ path }) => path === place.path)?.values
  if (isReplacing || before === undefined || KEY_SETTINGS.every((name) => before[name] === undefined)) return
  const server = before.API_SERVER_URL ?? 'a server'
  const advice = 'run "splitcart disconnect" first, or say --replace'
  throw new Problem('settings_invalid', `\n  ${place.path} connects this machine to ${server} already; ${advice}`)
}

/** The schedule that sends the outbox with the settings of a place; undefined on an unsupported platform. */
export function scheduleOf({ from, path }: SettingsFilePath): Schedule | undefined {
  const home = homeOfUser()
  if (home === undefined) return undefined
  const command = [...ownCommand(), 'upload-data']
  const user = process.geteuid?.() ?? 0
  return scheduleFor(process.platform, { command, folder: from === '.env' ? dirname(resolve(path)) : home, home, user })
}

/** Installs a schedule. On failure removes its files again and returns the error as a sentence. */
export async function installSchedule(disk: Disk, schedule: Schedule): Promise<string | undefined> {
  // A schedule that runs with older files would continue, so it is stopped first.
  if (await isInstalled(disk, schedule)) schedule.undo.forEach(runProgram)
  for (const { path, text } of schedule.files) {
    await makeFolder(disk, dirname(path))
    await replace(disk, path, text)
  }
  for (const command of schedule.install) {
    const fault = runProgram(command)
    if (fault === undefined) continue
    await removeFiles(disk, schedule)
    return fault
  }
  return undefined
}

/** Removes a schedule; false if none was installed. */
export async function removeSchedule(schedule: Schedule): Promise<boolean> {
  const disk = realDisk()
  if (schedule.files.length > 0 && !(await isInstalled(disk, schedule))) return false
  const faults = schedule.undo.map(runProgram)
  await removeFiles(disk, schedule)
  return schedule.files.length > 0 || faults.every((fault) => fault === undefined)
}

async function isInstalled(disk: Disk, { files }: Schedule): Promise<boolean> {
  const found = await Promise.all(files.map(async ({ path }) => !(await isMissing(disk, path))))
  return found.includes(true)
}

async function removeFiles(disk: Disk, { files }: Schedule): Promise<void> {
  for (const { path } of files) await remove(disk, path)
}

function runProgram([program, ...args]: readonly [string, ...string[]]): string | undefined {
  const { error, status, stderr } = spawnSync(program, args, { encoding: 'utf8', windowsHide: true })
  if (error !== undefined) return `${program}: ${error.message}`
  return status === 0 ? undefined : `${program} ended with ${status}: ${stderr.trim()}`
}
