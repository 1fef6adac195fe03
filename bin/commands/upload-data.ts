/** `splitcart upload-data`: sends the files in the outbox and prints their results. */
import { foldersIn, kindsWithOutbox, openFolders } from '@splitcart/scraping/folders.ts'
import { MachineReporter } from '@splitcart/scraping/machine-reporter.ts'
import { findWritersOn } from '@splitcart/scraping/open-writers.ts'
import { scanOutbox } from '@splitcart/scraping/outbox.ts'
import { createRateLimit, type RateLimit } from '@splitcart/scraping/rate-limit.ts'
import type { ScrapeCheck } from '@splitcart/scraping/scrape-check.ts'
import { createUploadClient } from '@splitcart/scraping/upload-client.ts'
import type { Summary } from '@splitcart/scraping/upload-events.ts'
import type { UploadJob } from '@splitcart/scraping/upload-job.ts'
import { uploadKinds, watchKinds } from '@splitcart/scraping/upload-kinds.ts'
import { timeZoneOf } from '@splitcart/shared/day-settings.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { faultOfKind, PRODUCTS } from '@splitcart/shared/kinds.ts'
import { checkPrivate } from '@splitcart/shared/private-folder.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { addOutputOptions, addSettingOptions, loadSettings, loadSettingsWithKey, run } from '../command-line.ts'
import { EXIT, EXIT_OF_OUTCOME } from '../exit-codes.ts'
import { count, size } from '../format.ts'
import { createKeyWatcher } from '../key-watcher.ts'
import { setUpNetwork } from '../network.ts'
import { programVersion } from '../program-version.ts'
import { stopSignal, type Terminal } from '../terminal.ts'
import { UploadReport } from '../upload-report.ts'

type Options = {
  kind?: string[]
  watch?: boolean
  wait?: boolean
  concurrency?: string
  limitRate?: string
  dryRun?: boolean
  check?: boolean
  json?: boolean
  quiet?: boolean
}

const SETTINGS = [
  'API_SERVER_URL',
  'API_SERVER_CA',
  'SCRAPING_DATA_DIR',
  'UPLOAD_TRIES_MAX',
  'UPLOAD_WATCH_SECONDS',
  'OUTBOX_REST_SECONDS',
] as const

/** Adds the command. */
export function addUploadData(program: Command): void {
  const command = program
    .command('upload-data')
    .description(
      'compress and send every file of the outbox, oldest first, and bring home the results of earlier uploads',
    )
    .option(
      '--watch',
      'stay, and send what comes; Ctrl-C ends it after the file that is being sent, a second one at once',
    )
    .option('--wait', 'end only when the server has loaded, held or failed every file that was sent')
    .option(
      '--check',
      'judge each file before it is sent; what the server would hold stays in the outbox, with the reasons',
    )
    .option(
      '--kind <name>',
      'only files of this kind, may be said again (every kind that has an outbox)',
      kindsArgument,
    )
    .option('--concurrency <number>', 'how many files to send at once (UPLOAD_CONCURRENCY)')
    .option('--limit-rate <bytes>', 'how many bytes to send a second, such as 500k or 2M (UPLOAD_RATE_MAX)')
    .addOption(new Option('--dry-run', 'tell what would be sent, and send nothing').conflicts('watch'))
    .action((options: Options) => run(options, (terminal) => runUploadData(options, terminal)))
  addOutputOptions(addSettingOptions(command, SETTINGS))
}

/** Collects the values of a repeatable option; rejects an invalid kind. */
function kindsArgument(name: string, before: string[] = []): string[] {
  const fault = faultOfKind(name)
  if (fault !== undefined) throw new InvalidArgumentError(`It ${fault}.`)
  return [...before, name]
}

async function runUploadData(options: Options, terminal: Terminal): Promise<number> {
  if (options.dryRun) return printWaiting(loadSettings(options, 'scraping'), options, terminal)
  const flags = { uploadConcurrency: options.concurrency, uploadRateMax: options.limitRate }
  const settings = loadSettingsWithKey({ ...options, ...flags }, 'scraping', ['API_SERVER_URL', 'API_SECRET_KEY'])
  setUpNetwork(settings)
  const report = new UploadReport(terminal, {
    outbox: foldersIn(settings.SCRAPING_DATA_DIR).outbox,
    zone: timeZoneOf(settings),
  })
  const summary = await upload(settings, options, report)
  report.end(summary)
  return EXIT_OF_OUTCOME[summary.outcome]
}

async function upload(settings: Settings, options: Options, report: UploadReport): Promise<Summary> {
  const signal = stopSignal()
  const rate = settings.UPLOAD_RATE_MAX
  // One rate limit for all kinds: they share the connection.
  const shared = {
    signal,
    reporter: makeReporter(settings),
    ...(rate !== undefined && { rateLimit: createRateLimit(rate) }),
    ...(options.check && { check: await makeScrapeCheck(settings) }),
  }
  const jobOf = (kind: string) => jobFor(kind, settings, report, shared)
  const there = () => selectedKinds(settings, options)
  if (options.watch) return watchKinds({ list: there, jobOf }, settings.UPLOAD_WATCH_SECONDS * 1000, signal)
  const jobs: UploadJob[] = []
  for (const kind of await there()) jobs.push(await jobOf(kind))
  return uploadKinds(jobs, { wait: options.wait ?? false })
}

async function selectedKinds({ SCRAPING_DATA_DIR: dataDir }: Settings, { kind }: Options): Promise<readonly string[]> {
  return kind ?? (await kindsWithOutbox(realDisk(), dataDir))
}

type Shared = Readonly<{ signal: AbortSignal; reporter: MachineReporter; rateLimit?: RateLimit; check?: ScrapeCheck }>

function makeReporter({ SCRAPING_DATA_DIR: dataDir }: Settings): MachineReporter {
  const { platform, arch } = process
  return new MachineReporter({ disk: realDisk(), dataDir, version: programVersion(), platform, arch })
}

/** Makes the check; imports its modules only here, because sending does not need them. */
async function makeScrapeCheck(settings: Settings): Promise<ScrapeCheck> {
  const { API_SERVER_URL: server, API_SECRET_KEY: key } = settings
  const [{ ScrapeCheck }, { fetchBaselineIfAvailable }, { thresholdsOf }] = await Promise.all([
    import('@splitcart/scraping/scrape-check.ts'),
    import('@splitcart/scraping/references-client.ts'),
    import('@splitcart/shared/truth/thresholds.ts'),
  ])
  const newKey = createKeyWatcher(key!)
  let inUse = key!
  return new ScrapeCheck({
    thresholds: thresholdsOf(settings),
    now: Date.now,
    askServer: (scrape) => {
      inUse = newKey() ?? inUse
      return fetchBaselineIfAvailable(server!, inUse, scrape)
    },
  })
}

async function jobFor(
  kind: string,
  settings: Settings,
  report: UploadReport,
  { signal, reporter, check, ...limit }: Shared,
): Promise<UploadJob> {
  const { API_SERVER_URL: server, API_SECRET_KEY: key, RESUMABLE_BYTES_MIN: resumableBytesMin } = settings
  const disk = realDisk()
  const { SCRAPING_DATA_DIR: dataDir } = settings
  await checkPrivate(disk, [dataDir, ...Object.values(foldersIn(dataDir, kind))])
  const clientWith = (key: string) =>
    createUploadClient({ server: server!, key, kind, disk, resumableBytesMin, ...limit })
  const newKey = createKeyWatcher(key!)
  const heartbeat = settings.HEARTBEAT_URL === undefined ? {} : { heartbeat: settings.HEARTBEAT_URL }
  return {
    disk,
    client: clientWith(key!),
    folders: await openFolders(disk, dataDir, kind),
    patience: { triesMax: settings.UPLOAD_TRIES_MAX },
    concurrency: settings.UPLOAD_CONCURRENCY,
    signal,
    reporter,
    on: (event) => report.on(event.type === 'file' ? { ...event, kind } : event),
    ...restOptions(settings),
    archiveForm: settings.ARCHIVE_FORM,
    sendsRequested: true,
    ...heartbeat,
    ...(kind === PRODUCTS && check !== undefined && { check }),
    renewedClient: () => {
      const renewed = newKey()
      return renewed === undefined ? undefined : clientWith(renewed)
    },
  }
}

function restOptions({ OUTBOX_REST_SECONDS: seconds }: Settings): Pick<UploadJob, 'rest'> {
  if (seconds === 0) return {}
  return { rest: { restMs: seconds * 1000, findWriters: findWritersOn(), platform: process.platform } }
}

async function printWaiting(settings: Settings, options: Options, terminal: Terminal): Promise<number> {
  const sum = { waiting: 0, ignored: 0, bytes: 0 }
  for (const kind of await selectedKinds(settings, options)) {
    const { outbox } = foldersIn(settings.SCRAPING_DATA_DIR, kind)
    const { waiting, skipped } = await scanOutbox(realDisk(), outbox)
    for (const file of waiting) {
      terminal.say(`would send  ${file.name}  ${size(file.size)}`)
      terminal.record({ type: 'file', kind, name: file.name, state: 'waiting', bytes: file.size })
    }
    for (const { name, reason } of skipped) {
      terminal.note(`left alone  ${name}: ${reason}`)
      terminal.record({ type: 'file', kind, name, state: 'ignored', reason })
    }
    const bytes = waiting.reduce((total, file) => total + file.size, 0)
    terminal.say(`${count(waiting.length, 'file')} would be sent from ${outbox}, ${size(bytes)}.`)
    sum.waiting += waiting.length
    sum.ignored += skipped.length
    sum.bytes += bytes
  }
  terminal.record({ type: 'summary', ...sum })
  return EXIT.done
}
