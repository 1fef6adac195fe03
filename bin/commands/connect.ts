/** `splitcart connect`: exchanges a one-time code for this machine's own key, kept in a file private to the user. */
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { redeemCode } from '@splitcart/scraping/connect.ts'
import { foldersIn, openFolders } from '@splitcart/scraping/folders.ts'
import type { Schedule } from '@splitcart/scraping/schedule.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { url } from '@splitcart/shared/setting-readers.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import { type Command, Option } from 'commander'
import { ask } from '../ask.ts'
import { addSettingOptions, loadSettings, run, settingArgument, UsageError } from '../command-line.ts'
import { checkUnconnected, installSchedule, scheduleOf, settingsFileToWrite } from '../connected.ts'
import { EXIT } from '../exit-codes.ts'
import { setUpNetwork } from '../network.ts'
import type { SettingsFilePath } from '../settings-files.ts'
import { tryToWrite, writeSettings } from '../settings-writer.ts'
import type { Terminal } from '../terminal.ts'
import { examineMachine } from './doctor.ts'

type Options = { code?: string; here?: boolean; replace?: boolean; schedule?: boolean; json?: boolean }

/** Adds the command. */
export function addConnect(program: Command): void {
  const command = program
    .command('connect')
    .description('fetch a key of this machine’s own with a one-time code ("splitcart keys invite NAME"), and keep it')
    .argument('<url>', 'the address of the server, e.g. https://data.example.org', settingArgument(url))
    .option('--code <code>', 'the code; else it is asked for, or read from standard input')
    .option('--here', 'keep the settings in .env of this folder, instead of the user’s own file')
    .option('--replace', 'take the place of the connection that this machine has')
    .addOption(new Option('--schedule', 'have the outbox sent every 15 minutes, without asking'))
    .option('--no-schedule', 'do not ask about that')
    .option('--json', 'print JSON Lines')
    .action((server: URL, options: Options) => run(options, (terminal) => runConnect(server, options, terminal)))
  addSettingOptions(command, ['API_SERVER_CA', 'SCRAPING_DATA_DIR'])
}

async function runConnect(server: URL, options: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettings(options, 'scraping')
  const disk = realDisk()
  const place = settingsFileToWrite(options.here === true)
  checkUnconnected(place, options.replace === true)
  // The code works only once, so everything that can fail on this machine is tried first.
  await tryToWrite(disk, place.path)
  await openFolders(disk, settings.SCRAPING_DATA_DIR)
  setUpNetwork({ ...settings, API_SERVER_URL: server })
  const { key, id, name } = await redeemCode(server, options.code ?? (await askForCode()))
  await writeSettings(disk, place.path, settingsToWrite(server, key, settings, place))
  terminal.say(`Connected to ${server.href} as ${name} (key ${id}); the settings stand in ${place.path}.`)
  terminal.say(`What is put into ${foldersIn(settings.SCRAPING_DATA_DIR).outbox} is sent.`)
  terminal.record({ type: 'summary', server: server.href, name, key_id: id, settings: place.path })
  const code = await examineMachine({}, terminal)
  const isScheduled = await offerSchedule(place, options, terminal)
  terminal.say('Send what waits: splitcart upload-data')
  return isScheduled ? code : EXIT.failure
}

/** The settings to write; paths in the user's file are absolute, as it applies in every folder. */
function settingsToWrite(server: URL, key: string, settings: Settings, { from }: SettingsFilePath) {
  return {
    API_SERVER_URL: server.href,
    API_SECRET_KEY: key,
    ...(settings.API_SERVER_CA !== undefined && { API_SERVER_CA: resolve(settings.API_SERVER_CA) }),
    ...(from !== '.env' && { SCRAPING_DATA_DIR: resolve(settings.SCRAPING_DATA_DIR) }),
  }
}

async function askForCode(): Promise<string> {
  const given = process.stdin.isTTY
    ? await ask('The code that "splitcart keys invite" has printed: ')
    : (await text(process.stdin)).trim()
  if (given) return given
  throw new UsageError('there is no code: give --code, or pass it through standard input')
}

/** Shows the schedule, and installs it if wanted. False if it was wanted and failed. */
async function offerSchedule(place: SettingsFilePath, options: Options, terminal: Terminal): Promise<boolean> {
  const schedule = options.schedule === false ? undefined : scheduleOf(place)
  if (schedule === undefined) return options.schedule !== true
  if (options.schedule !== true && !process.stdin.isTTY) {
    terminal.note('To have it sent every 15 minutes: splitcart connect … --schedule, or upload-data --watch.')
    return true
  }
  showSchedule(schedule, terminal)
  if (options.schedule !== true && !(await confirmInstall())) return true
  const fault = await installSchedule(realDisk(), schedule)
  if (fault === undefined) terminal.say(`Installed: ${schedule.name}. "splitcart disconnect" removes it.`)
  else terminal.note(`Not installed, and nothing of it is left: ${fault}. The connection itself stands.`)
  if (fault === undefined && schedule.remark !== undefined) terminal.note(schedule.remark)
  return fault === undefined
}

function showSchedule({ name, files, install }: Schedule, terminal: Terminal): void {
  terminal.note(`So that the outbox is sent every 15 minutes (${name}):`)
  for (const { path, text: content } of files) {
    terminal.note(`--- ${path}`)
    for (const line of content.trimEnd().split('\n')) terminal.note(`    ${line}`)
  }
  for (const command of install) terminal.note(`$ ${command.join(' ')}`)
}

async function confirmInstall(): Promise<boolean> {
  return /^y(es)?$/i.test((await ask('Install it? [y/N] ')) ?? '')
}
