/** `splitcart disconnect`: revokes this machine's key and removes schedule and settings; data files stay. */
import { revokeOwnKey } from '@splitcart/scraping/connect.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import type { Command } from 'commander'
import { addSettingOptions, loadSettingsWithKey, run } from '../command-line.ts'
import { CONNECTION_SETTINGS, connectedFiles, removeSchedule, scheduleOf } from '../connected.ts'
import { EXIT } from '../exit-codes.ts'
import { setUpNetwork } from '../network.ts'
import { writeSettings } from '../settings-writer.ts'
import type { Terminal } from '../terminal.ts'

type Options = { json?: boolean }

const REMOVED_SETTINGS = Object.fromEntries(CONNECTION_SETTINGS.map((name) => [name, undefined]))

/** Adds the command. */
export function addDisconnect(program: Command): void {
  const command = program
    .command('disconnect')
    .description('end the key of this machine, and remove its schedule and the settings that "connect" wrote')
    .option('--json', 'print JSON Lines')
    .action((options: Options) => run(options, (terminal) => runDisconnect(options, terminal)))
  addSettingOptions(command, [])
}

async function runDisconnect(options: Options, terminal: Terminal): Promise<number> {
  const [file] = connectedFiles()
  if (file === undefined) {
    terminal.note('This machine is not connected by a file of settings; nothing was done.')
    return EXIT.usage
  }
  const settings = loadSettingsWithKey(options, 'scraping')
  const isEnded = await endKey(settings, terminal)
  const schedule = scheduleOf(file)
  const isUnscheduled = schedule !== undefined && (await removeSchedule(schedule))
  if (isUnscheduled) terminal.say(`Removed: ${schedule.name}.`)
  await writeSettings(realDisk(), file.path, REMOVED_SETTINGS)
  terminal.say(`Disconnected; the key is no longer in ${file.path}. Files in ${settings.SCRAPING_DATA_DIR} stay there.`)
  terminal.record({ type: 'summary', settings: file.path, key_ended: isEnded, schedule_removed: isUnscheduled })
  return isEnded ? EXIT.done : EXIT.partly
}

async function endKey(settings: Settings, terminal: Terminal): Promise<boolean> {
  const { API_SERVER_URL: server, API_SECRET_KEY: key } = settings
  if (server === undefined || key === undefined) return false
  setUpNetwork(settings)
  try {
    await revokeOwnKey(server, key)
    terminal.say(`The key ${keyIdOf(key)} no longer works.`)
    return true
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    // The key was revoked or has expired already.
    if (error.code === 'key_refused') return true
    terminal.note(`The key could not be ended (${error.message}). On the server: splitcart keys revoke ${keyIdOf(key)}`)
    return false
  }
}

function keyIdOf(key: string): string {
  return /^splitcart_([0-9A-Za-z]+)_/.exec(key)?.[1] ?? 'ID'
}
