/** `splitcart serve`: runs the server, and `update-db --products --watch` as its child process. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type IntegrityState, watchIntegrity } from '@splitcart/data-management/database/integrity.ts'
import { foldersIn } from '@splitcart/data-management/folders.ts'
import { buildServer } from '@splitcart/data-management/http/server.ts'
import { ExportThreads } from '@splitcart/data-management/http/threads/export-threads.ts'
import { type QueryRunner, runQuery } from '@splitcart/data-management/http/threads/query-context.ts'
import { QueryThreads } from '@splitcart/data-management/http/threads/query-threads.ts'
import { backPressure } from '@splitcart/data-management/inbox/back-pressure.ts'
import { removeParts } from '@splitcart/data-management/inbox/clean.ts'
import { Dictionaries } from '@splitcart/data-management/inbox/dictionaries.ts'
import type { Inbox } from '@splitcart/data-management/inbox/inbox.ts'
import { ProcessedIntegrity } from '@splitcart/data-management/inbox/processed-integrity.ts'
import { recoverArriving } from '@splitcart/data-management/inbox/recover-arriving.ts'
import { requestAgain } from '@splitcart/data-management/inbox/request-again.ts'
import { UnfinishedUploads } from '@splitcart/data-management/inbox/unfinished.ts'
import type { KeyBacklog } from '@splitcart/data-management/ledger/counts.ts'
import { SERVE_LOCK } from '@splitcart/data-management/lock-names.ts'
import { runRounds } from '@splitcart/data-management/notices/rounds.ts'
import { PictureCache } from '@splitcart/data-management/pictures/pictures.ts'
import { timeZoneOf } from '@splitcart/shared/day-settings.ts'
import { takeLock } from '@splitcart/shared/lock.ts'
import { type Log, openLog } from '@splitcart/shared/log.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { databaseFile, databaseServer, type Settings } from '@splitcart/shared/settings.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import type { Command } from 'commander'
import { addSettingOptions, checkAll, loadSettingsWithKey, run } from '../command-line.ts'
import { checkInbox, checkServerKey, type DataManagement, setUpDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { openInbox } from '../fleet.ts'
import { keepLoaderRunning } from '../loader.ts'
import { logStart } from '../log-start.ts'
import { setUpNetwork } from '../network.ts'
import { noticeTargetsOf, roundsOf } from '../notice-rounds.ts'
import { programView } from '../program-view.ts'
import { reloadCertificateOnHangup, serverLimitsOf } from '../server-limits.ts'
import { stopSignal, type Terminal } from '../terminal.ts'
import { openWhenAvailable, type WaitContext } from '../wait-for.ts'

type Options = { updateDb: boolean; behindProxy?: true }

// Grace period for uploads in progress when the server is asked to stop.
const STOP_MS_MAX = 8_000
// Listen backlog: in a connection storm, clients that do not fit retry only after one to three seconds.
const BACKLOG_MAX = 4_096
// Grace period before the minimum speed applies: a new connection starts slowly.
const SPEED_GRACE_MS = 10_000
// Delay before exports are prepared: the server is busy in its first seconds.
const EXPORTS_PREPARED_AFTER_MS = 5_000
// Output of `npm run build`.
const PAGE_FOLDER = fileURLToPath(new URL('../../packages/dashboard/dist', import.meta.url))

/** Adds the command. */
export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description('accept uploads, and load them into the database')
    .option('--no-update-db', 'do not start update-db')
    .option('--behind-proxy', 'listen in plain http beyond this machine: a proxy in front speaks https')
    .action((options: Options) => run({}, (terminal) => runServe(options, terminal)))
  addSettingOptions(command, [
    'HOST',
    'PORT',
    'TLS_CERT',
    'TLS_KEY',
    'DATA_MANAGEMENT_DATA_DIR',
    'DATABASE_URL',
    'LOG_LEVEL',
    'TIME_ZONE',
  ])
}

async function runServe(options: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettingsWithKey(options, 'data-management')
  const readLimits = () => serverLimitsOf(settings, options.behindProxy === true)
  checkAll(
    () => checkServerKey(settings),
    () => checkInbox(settings),
    readLimits,
    () => noticeTargetsOf(settings),
  )
  const limits = readLimits()
  setUpNetwork(settings)
  const wait = startLog(settings, options)
  const { log, signal } = wait
  await using machine = await openWhenAvailable(() => setUpDataManagement(settings), wait)
  await using inbox = await openWhenAvailable(() => openInbox(machine, settings, log), wait)
  using _lock = takeLock(join(machine.folders.data, SERVE_LOCK), 'another server works on this data folder')
  await recoverAfterCrash(machine, inbox === undefined, log)
  const unfinished = await openUnfinished(machine, settings)
  await using queries = openQueryThreads(settings)
  await using exports = openExports(settings)
  const integrity: IntegrityState = { latest: undefined }
  const services = {
    inbox: receivingServices({ ...machine, inbox }, queries, settings),
    unfinished,
    kinds: settings.KINDS,
    catalogue: machine.catalogue,
    queries,
    exports,
    ...(settings.PICTURES === 'on' ? { pictures: new PictureCache() } : {}),
    integrity,
    partialShare: settings.HOLD_ROWS_SHARE,
    zone: timeZoneOf(settings),
    pageFolder: PAGE_FOLDER,
    ...{ program: programView(options), noticeTargets: noticeTargetsOf(settings), currency: settings.CURRENCY },
  }
  const server = await buildServer(services, log, limits)
  await listen(server, settings)
  reloadCertificateOnHangup(server.server, settings, log)
  const scheme = limits.tls === undefined ? 'http' : 'https'
  await printFirstStep(machine, settings, terminal)
  terminal.say(`Listening on ${scheme}://${hostInUrl(settings.HOST)}:${(server.server.address() as AddressInfo).port}`)
  setTimeout(() => exports.prepare(), EXPORTS_PREPARED_AFTER_MS).unref()
  const loader = options.updateDb ? keepLoaderRunning(settings, log, signal) : Promise.resolve()
  void watchIntegrity(integrity, integrityScopeOf(machine, settings, log), log, signal)
  const notices = runRounds(roundsOf(services, settings, log), signal)
  if (!signal.aborted) await once(signal, 'abort')
  log.info({}, 'stopping')
  await Promise.all([closeServer(server, log), loader, notices])
  return EXIT.done
}

function startLog(settings: Settings, options: Options): WaitContext {
  const signal = stopSignal()
  const log = openLog(settings.LOG_LEVEL)
  logStart(log, 'serve', settings, options)
  return { log, signal }
}

/** Recovers uploads that a crashed server left behind. Parts are removed last: they show what had been accepted. */
async function recoverAfterCrash(machine: DataManagement, hasFolder: boolean, log: Log): Promise<void> {
  const names = hasFolder ? await recoverArriving(machine) : []
  if (names.length > 0) log.warn({ names }, 'accepted what had its name when the server ended')
  const stale = await removeParts(machine.disk, machine.folders)
  if (stale.length > 0) log.warn({ parts: stale }, 'removed what interrupted uploads left behind')
}

/** The periodic integrity checks; a damaged file is requested again from its senders. */
function integrityScopeOf(machine: DataManagement, { PROCESSED_DAYS_MAX: daysMax }: Settings, log: Log) {
  const onDamage = async (path: string) => {
    for (const { id, filename } of await requestAgain(machine, { path, now: Date.now(), daysMax }))
      log.warn({ upload: id, filename }, 'its file is damaged; its sender is asked for it')
  }
  return { paths: databaseFiles(machine), files: new ProcessedIntegrity({ ...machine, onDamage }) }
}

type Server = Awaited<ReturnType<typeof buildServer>>

async function listen(server: Server, { HOST: host, PORT: port }: Settings): Promise<void> {
  try {
    await server.listen({ host, port, backlog: BACKLOG_MAX })
  } catch (cause) {
    await server.close()
    throw new Problem('address_unusable', `${host}:${port}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
}

async function closeServer(server: Server, log: Log): Promise<void> {
  const late = setTimeout(() => {
    log.warn({}, 'cutting the uploads that are still on their way; their senders send them again')
    server.server.closeAllConnections()
  }, STOP_MS_MAX)
  await server.close()
  clearTimeout(late)
}

/** Paths of the database files; none with PostgreSQL. */
function databaseFiles({ catalogue, folders }: DataManagement): string[] {
  return catalogue.path === null ? [] : [catalogue.path, join(folders.data, 'ledger.db')]
}

function openQueryThreads(settings: Settings): QueryThreads {
  const server = databaseServer(settings)
  return new QueryThreads({
    dataFolder: foldersIn(settings.DATA_MANAGEMENT_DATA_DIR).data,
    catalogue: server === undefined ? { file: databaseFile(settings) } : { server },
    diskBytesKept: settings.DISK_BYTES_KEPT,
    partialShare: settings.HOLD_ROWS_SHARE,
    timeZone: timeZoneOf(settings).name,
    currency: settings.CURRENCY,
    slow: { ms: settings.SLOW_STATEMENT_MS, logLevel: settings.LOG_LEVEL },
  })
}

function openExports(settings: Settings): ExportThreads {
  const server = databaseServer(settings)
  return new ExportThreads({
    folder: foldersIn(settings.DATA_MANAGEMENT_DATA_DIR).data,
    catalogue: server === undefined ? { file: databaseFile(settings) } : { server },
    diskBytesKept: settings.DISK_BYTES_KEPT,
  })
}

type ServedData = DataManagement & Readonly<{ inbox: Inbox | undefined }>

function receivingServices({ disk, folders, ledger, inbox }: ServedData, queries: QueryRunner, settings: Settings) {
  const limits = {
    bodyBytesMax: settings.BODY_BYTES_MAX,
    contentBytesMax: settings.CONTENT_BYTES_MAX,
    contentRatioMax: settings.CONTENT_RATIO_MAX,
    linesMax: settings.LINES_MAX,
    idleMsMax: settings.BODY_IDLE_SECONDS_MAX * 1000,
    speed: { bytesPerSecondMin: settings.BODY_BYTES_PER_SECOND_MIN, afterMs: SPEED_GRACE_MS },
  }
  const backlog = {
    filesMax: settings.INBOX_FILES_MAX,
    bytesMax: settings.INBOX_BYTES_MAX,
    ageMsMax: settings.INBOX_HOURS_MAX * HOUR_MS,
  }
  const clocks = { now: Date.now, steady: () => performance.now() }
  const waiting = () => ledger.uploads.backlog()
  const shares = () =>
    runQuery<Record<string, KeyBacklog>>(queries, 'waitingByKey', {}, { keyId: null, now: Date.now() })
  const checkBacklog = backPressure({ waiting, shares, ...clocks }, backlog)
  const place = { disk, folders, ledger, inbox }
  const dictionaries = new Dictionaries(place, {
    bytesKept: settings.DICTIONARIES_BYTES_MAX,
    daysKept: settings.PROCESSED_DAYS_MAX,
  })
  return { ...place, dictionaries, limits, diskBytesKept: settings.DISK_BYTES_KEPT, checkBacklog, ...clocks }
}

function openUnfinished({ disk, folders }: DataManagement, settings: Settings): Promise<UnfinishedUploads> {
  const limits = {
    countMax: settings.RESUMABLE_COUNT_MAX,
    keyBytesMax: settings.RESUMABLE_KEY_BYTES_MAX,
    bytesMax: settings.RESUMABLE_BYTES_MAX,
    ageMsMax: settings.RESUMABLE_HOURS_MAX * HOUR_MS,
  }
  return UnfinishedUploads.open({ disk, folder: folders.resumable, limits, now: Date.now })
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** Prints how to invite the first machine when the server has no keys yet. */
async function printFirstStep({ ledger }: DataManagement, settings: Settings, terminal: Terminal): Promise<void> {
  const [key] = await ledger.keys.list(undefined, 1)
  if (key !== undefined || settings.API_SECRET_KEY !== undefined) return
  terminal.say('It has no keys yet. For each scraping machine: splitcart keys invite NAME')
}
