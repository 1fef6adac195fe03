/** `splitcart status`: waiting files on this machine, and whether a process is working on them. */

import { type DataManagementStatus, dataManagementStatus } from '@splitcart/data-management/status.ts'
import { type KindStatus, type ScrapingStatus, scrapingStatus } from '@splitcart/scraping/status.ts'
import { timeZoneOf } from '@splitcart/shared/day-settings.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import type { FolderUsage } from '@splitcart/shared/folder-usage.ts'
import { formatNumber } from '@splitcart/shared/number.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { databaseServer, inboxServers, type Settings } from '@splitcart/shared/settings.ts'
import { isoTime } from '@splitcart/shared/time.ts'
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import type { Command } from 'commander'
import { addOutputOptions, addSettingOptions, loadSettings, run } from '../command-line.ts'
import { EXIT } from '../exit-codes.ts'
import { openFleet } from '../fleet.ts'
import { columns, count, duration, size } from '../format.ts'
import { describeSearch, findSettingsFiles } from '../settings-files.ts'
import type { Terminal } from '../terminal.ts'

type Options = { json?: boolean; quiet?: boolean }

/** Adds the command. */
export function addStatus(program: Command): void {
  const command = program
    .command('status')
    .description('tell what waits where on this machine, since when, and how the last run ended; changes nothing')
    .action((options: Options) => run(options, (terminal) => runStatus(options, terminal)))
  addOutputOptions(
    addSettingOptions(command, ['SCRAPING_DATA_DIR', 'DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL', 'TIME_ZONE']),
  )
}

async function runStatus(options: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettings(options, 'both')
  const places = describeSearch(findSettingsFiles())
  const { SCRAPING_DATA_DIR, DATA_MANAGEMENT_DATA_DIR } = settings
  const disk = realDisk()
  const zone = timeZoneOf(settings)
  const scraping = await scrapingStatus(disk, SCRAPING_DATA_DIR)
  const dataManagement = await dataManagementStatus(disk, DATA_MANAGEMENT_DATA_DIR, databaseServer(settings))
  printSection(
    terminal,
    `scraping (${SCRAPING_DATA_DIR})`,
    scraping && [...scrapingLines(scraping, zone), ...lastRunLines(scraping, zone)],
  )
  printSection(
    terminal,
    `data_management (${DATA_MANAGEMENT_DATA_DIR})`,
    dataManagement && serverLines(dataManagement, zone),
  )
  const fleet = await fleetStatus(settings, zone)
  if (fleet.line !== undefined) terminal.say(`  ${fleet.line}`)
  const problems = [...(scraping?.problems ?? []), ...(dataManagement?.problems ?? []), ...fleet.problems]
  for (const problem of problems) terminal.note(`warning  ${problem}`)
  terminal.say(`settings: ${places}`)
  const told = dataManagement === undefined ? null : { ...dataManagement, ...(fleet.work && { work: fleet.work }) }
  terminal.record({ type: 'summary', scraping: scraping ?? null, data_management: told })
  if (scraping === undefined && dataManagement === undefined) {
    terminal.note('Nothing has happened here yet. If this is the wrong folder, name the right one: --scraping-data-dir')
    terminal.note('or --data-management-data-dir, or in a file of settings (docs/settings.md).')
    return EXIT.usage
  }
  return problems.length > 0 ? EXIT.failure : EXIT.done
}

type FleetStatus = Readonly<{ line?: string; work?: object; problems: readonly string[] }>

/** Status of a fleet's shared inbox, which the folders of one machine do not show. */
async function fleetStatus(settings: Settings, zone: TimeZone): Promise<FleetStatus> {
  if (inboxServers(settings) === undefined) return { problems: [] }
  try {
    await using fleet = (await openFleet(settings))!
    const { oldest, ...counts } = await fleet.counts()
    const hasLoader = await fleet.hasLoaders()
    const oldest_at = isoTime(oldest)
    const from = oldest_at === null ? '' : `, oldest ${timeAndAge(oldest_at, zone)}`
    const loaders = hasLoader ? 'loaders are there' : 'no loader is there'
    const line = `in NATS: ${formatNumber(counts.waiting)} waiting, ${formatNumber(counts.claimed)} being loaded${from}; ${loaders}`
    return { line, work: { ...counts, oldest_at, has_loader: hasLoader }, problems: [] }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { problems: [error.message] }
  }
}

function scrapingLines(status: ScrapingStatus, zone: TimeZone): string[] {
  const { outbox, ignored, being_written, left_over, kinds, archive, uploads, refused } = status
  return [
    ...columns(
      [
        folderCells('waiting in product_outbox', outbox, zone),
        folderCells('being written', being_written, zone),
        folderCells('archived in temp_jsonl_product_storage', archive, zone),
        folderCells('refused, in product_refused', refused, zone),
        ...Object.entries(kinds).flatMap(([kind, places]) => kindCells(kind, places, zone)),
      ],
      [1, 2],
    ),
    ...(ignored ?? []).map(({ name, reason }) => `never sent: ${name} ${reason}`),
    ...(left_over ? [`${count(left_over, 'file')} left over by a scrape that did not finish: splitcart salvage`] : []),
    `of the archive: ${stateLine(uploads)}`,
  ]
}

function lastRunLines({ uploader_running, last_run }: ScrapingStatus, zone: TimeZone): string[] {
  const runs = `upload-data ${runningText(uploader_running)}`
  if (last_run === null) return [runs, 'no run has ended yet']
  const { finished_at, outcome, problem, next_try_at, last_good_at } = last_run
  return [
    runs,
    `last run        ${timeAndAge(finished_at, zone)}: ${outcome.replace('_', ' ')}`,
    ...(problem === null
      ? []
      : [`last problem    ${problem.title}: ${problem.detail}`, `                ${problem.todo}`]),
    ...(next_try_at === null || !uploader_running ? [] : [`next try        ${zone.timeAt(Date.parse(next_try_at))}`]),
    `last good run   ${last_good_at === null ? 'never' : timeAndAge(last_good_at, zone)}`,
  ]
}

function serverLines(status: DataManagementStatus, zone: TimeZone): string[] {
  return [
    ...columns(
      [
        folderCells('waiting in product_inbox', status.inbox, zone),
        folderCells('being received', status.being_received, zone),
        folderCells('held, in product_held', status.held, zone),
        folderCells('failed, in product_failed', status.failed, zone),
        folderCells('loaded, in product_processed', status.processed, zone),
        ...Object.entries(status.kinds).map(([kind, inbox]) => folderCells(`waiting in ${kind}_inbox`, inbox, zone)),
      ],
      [1, 2],
    ),
    `uploads: ${stateLine(status.uploads)}`,
    `serve ${runningText(status.server_running)}, update-db ${runningText(status.loader_running)}`,
    `free disk: ${status.disk_free_bytes === null ? '?' : size(status.disk_free_bytes)}`,
  ]
}

function kindCells(kind: string, { outbox, archive, refused }: KindStatus, zone: TimeZone): string[][] {
  return [
    folderCells(`waiting in ${kind}_outbox`, outbox, zone),
    folderCells(`archived in temp_jsonl_${kind}_storage`, archive, zone),
    folderCells(`refused, in ${kind}_refused`, refused, zone),
  ]
}

function folderCells(name: string, place: FolderUsage | null, zone: TimeZone): string[] {
  if (place === null) return [name, '?', '', '']
  const { files, bytes, oldest_at } = place
  return [
    name,
    formatNumber(files),
    files === 0 ? '' : size(bytes),
    oldest_at === null ? '' : `oldest ${timeAndAge(oldest_at, zone)}`,
  ]
}

function stateLine(uploads: Readonly<Record<string, number>> | null): string {
  if (uploads === null) return '?'
  const parts = Object.entries(uploads).filter(([, number]) => number > 0)
  return parts.length === 0 ? 'none yet' : parts.map(([state, number]) => `${formatNumber(number)} ${state}`).join(', ')
}

function runningText(runs: boolean | null): string {
  if (runs === null) return 'may run'
  return runs ? 'runs' : 'does not run'
}

function timeAndAge(at: string, zone: TimeZone): string {
  const ms = Date.parse(at)
  return `${zone.timeAt(ms)} (${duration(Math.max(0, Date.now() - ms))} ago)`
}

function printSection(terminal: Terminal, title: string, lines: readonly string[] | undefined): void {
  terminal.say(title)
  for (const line of lines ?? ['nothing here yet']) terminal.say(`  ${line}`)
}
