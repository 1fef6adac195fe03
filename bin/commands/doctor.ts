/** `splitcart doctor`: checks what this machine needs, one line per check, and says what to do. */
import type { ExaminedDatabases } from '@splitcart/data-management/doctor/conditions.ts'
import { examineDataManagement, isSetUp } from '@splitcart/data-management/doctor/doctor.ts'
import { checkFolders } from '@splitcart/scraping/doctor.ts'
import { checkServer } from '@splitcart/scraping/doctor-server.ts'
import { foldersIn, kindsWithOutbox } from '@splitcart/scraping/folders.ts'
import { type CheckResult, fail, ok, warn } from '@splitcart/shared/check-result.ts'
import { timeZoneOf } from '@splitcart/shared/day-settings.ts'
import { isMissing, realDisk } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { databaseFile, databaseServer, inboxServers, type Settings } from '@splitcart/shared/settings.ts'
import { NODE_MIN, SQLITE_MIN } from '@splitcart/shared/versions.ts'
import type { Command } from 'commander'
import { addOutputOptions, addSettingOptions, loadSettingsWithKey, run, settingsFaultOf } from '../command-line.ts'
import { checkInbox, checkServerKey } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { openFleet } from '../fleet.ts'
import { count } from '../format.ts'
import { certificatesIn, setUpNetwork } from '../network.ts'
import { describeSearch, findSettingsFiles } from '../settings-files.ts'
import type { Style, Terminal } from '../terminal.ts'

type Options = { json?: boolean; quiet?: boolean }

const DOCTOR_SETTINGS = [
  'API_SERVER_URL',
  'API_SERVER_CA',
  'SCRAPING_DATA_DIR',
  'DATA_MANAGEMENT_DATA_DIR',
  'DATABASE_URL',
] as const
const STYLE: Readonly<Record<CheckResult['state'], Style>> = { ok: 'green', warn: 'yellow', fail: 'red' }

/** Adds the command. */
export function addDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('examine settings, folders, disk, server and key of this machine, and say what to do')
    .action((options: Options) => run(options, (terminal) => examineMachine(options, terminal)))
  addOutputOptions(addSettingOptions(command, DOCTOR_SETTINGS))
}

/** Runs all checks, prints the results, and returns the exit code. */
export async function examineMachine(options: Options, terminal: Terminal): Promise<number> {
  const states = { ok: 0, warn: 0, fail: 0 }
  for await (const result of examineAll(options)) {
    const { state, check, detail, todo } = result
    states[state]++
    terminal.say(`${state.padEnd(4)}  ${check.padEnd(10)}  ${detail}`, { style: STYLE[state], length: 4 })
    if (todo !== undefined) terminal.say(`${' '.repeat(18)}${todo}`)
    terminal.record({ type: 'check', ...result })
  }
  const failed = states.fail === 0 ? 'Nothing fails' : `${count(states.fail, 'check')} failed`
  terminal.summarize(`${failed}, ${count(states.warn, 'warning')}.`)
  terminal.record({ type: 'summary', ...states })
  return states.fail > 0 ? EXIT.failure : EXIT.done
}

async function* examineAll(options: Options): AsyncGenerator<CheckResult> {
  const { node = '', sqlite = '' } = process.versions
  yield checkVersion('Node', node, NODE_MIN)
  yield checkVersion('SQLite', sqlite, SQLITE_MIN)
  const found = findSettingsFiles()
  for (const remark of found.remarks) yield warn('settings', remark, 'It has no effect there.')
  const settings = settingsOrFaults(options)
  if (Array.isArray(settings)) {
    for (const fault of settings)
      yield fail('settings', fault, 'Mend it where it stands; docs/settings.md lists all settings.')
    return
  }
  yield ok('settings', `all can be read, from ${describeSearch(found)}`)
  const disk = realDisk()
  const { SCRAPING_DATA_DIR: scraping } = settings
  const hasOther = (await kindsWithOutbox(disk, scraping).catch(() => [])).length > 1
  const hasOutbox = hasOther || !(await isMissing(disk, foldersIn(scraping).outbox))
  const sends = settings.API_SERVER_URL !== undefined || hasOutbox
  const receives = await isSetUp(disk, settings.DATA_MANAGEMENT_DATA_DIR)
  if (sends) yield* examineScraping(settings)
  if (receives) yield* examineServing(settings)
  if (!sends && !receives)
    yield fail(
      'set-up',
      'there is nothing here yet, and API_SERVER_URL is not set',
      'To send, set API_SERVER_URL and API_SECRET_KEY; to receive, start "splitcart serve". Or is this the wrong folder?',
    )
}

async function* examineScraping(settings: Settings): AsyncGenerator<CheckResult> {
  const { API_SERVER_URL: server, API_SECRET_KEY: key, SCRAPING_DATA_DIR: dataDir } = settings
  yield* checkFolders(realDisk(), dataDir, { now: Date.now(), zone: timeZoneOf(settings) })
  if (server === undefined) yield fail('settings', 'API_SERVER_URL is not set', 'Set it to the address of the server.')
  if (key === undefined)
    yield fail('settings', 'API_SECRET_KEY is not set', 'Make a key on the server: splitcart keys create NAME')
  if (server !== undefined) {
    setUpNetwork(settings)
    if (settings.HTTPS_PROXY !== undefined && server.protocol === 'https:')
      yield ok('proxy', `${settings.HTTPS_PROXY.host} leads to https addresses, but to none of NO_PROXY`)
    yield* checkServer(server, key)
  }
}

async function* examineServing(settings: Settings): AsyncGenerator<CheckResult> {
  const { DATA_MANAGEMENT_DATA_DIR: dataDir, DISK_BYTES_KEPT: diskBytesKept } = settings
  const fault = settingsFaultOf(() => checkServerKey(settings))
  if (fault !== undefined) yield fail('settings', fault.trim(), 'Set a longer one, or none.')
  const databases = { dataDir, catalogue: databaseFile(settings), server: databaseServer(settings) }
  const isOfFleet = inboxServers(settings) !== undefined
  yield* examineDataManagement(realDisk(), { ...databases, isOfFleet, diskBytesKept })
  if (isOfFleet) yield* examineFleet(settings, databases)
}

async function* examineFleet(
  settings: Settings,
  databases: Omit<ExaminedDatabases, 'diskBytesKept'>,
): AsyncGenerator<CheckResult> {
  try {
    await using fleet = await openFleet(settings)
    const { checkFleetInbox } = await import('@splitcart/data-management/inbox/jetstream/check.ts')
    yield* await checkFleetInbox(fleet!)
    const { checkOlderLoads } = await import('@splitcart/data-management/doctor/older-loads.ts')
    yield* await checkOlderLoads(databases, ({ sha256 }) => fleet!.bucket.has(sha256))
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    yield fail('inbox of the fleet', error.message, error.kind.todo)
  }
}

/** The settings, or every fault in them. */
function settingsOrFaults(options: Options): Settings | string[] {
  let settings: Settings | undefined
  const faults = settingsFaultOf(() => {
    settings = loadSettingsWithKey(options, 'both')
    if (settings.API_SERVER_CA !== undefined) certificatesIn(settings.API_SERVER_CA)
    checkInbox(settings)
  })
  return faults === undefined && settings !== undefined ? settings : (faults ?? '').trim().split(/\n\s*/)
}

function checkVersion(name: string, version: string, least: string): CheckResult {
  const isEnough = version.localeCompare(least, 'en', { numeric: true }) >= 0
  if (isEnough) return ok('version', `${name} ${version}`)
  return fail('version', `${name} ${version} is older than ${least}`, 'Run "npm ci" in the folder of the program.')
}
