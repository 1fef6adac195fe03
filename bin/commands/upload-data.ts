/** `splitcart upload-data`: sends what waits in the outbox and tells what became of it. */
import { foldersIn, openFolders } from '@splitcart/scraping/folders.ts'
import { findWritersOn } from '@splitcart/scraping/open-writers.ts'
import { scanOutbox } from '@splitcart/scraping/outbox.ts'
import { createRateLimit } from '@splitcart/scraping/rate-limit.ts'
import { createUploadClient } from '@splitcart/scraping/upload-client.ts'
import { uploadData } from '@splitcart/scraping/upload-data.ts'
import type { Summary } from '@splitcart/scraping/upload-events.ts'
import type { Job } from '@splitcart/scraping/upload-job.ts'
import { watchOutbox } from '@splitcart/scraping/watch.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { checkPrivate } from '@splitcart/shared/private-folder.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import { type Command, Option } from 'commander'
import { changedKey } from '../changed-key.ts'
import { configurable, printable, run, settingsOf, settingsWithKey } from '../command-line.ts'
import { EXIT, EXIT_OF_OUTCOME } from '../exit-codes.ts'
import { count, size } from '../format.ts'
import { setUpNetwork } from '../network.ts'
import { stopSignal, type Terminal } from '../terminal.ts'
import { UploadReport } from '../upload-report.ts'

type Options = {
  watch?: boolean
  wait?: boolean
  concurrency?: string
  limitRate?: string
  dryRun?: boolean
  json?: boolean
  quiet?: boolean
}

const FLAGS = [
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
    .option('--concurrency <number>', 'how many files to send at once (UPLOAD_CONCURRENCY)')
    .option('--limit-rate <bytes>', 'how many bytes to send a second, such as 500k or 2M (UPLOAD_RATE_MAX)')
    .addOption(new Option('--dry-run', 'tell what would be sent, and send nothing').conflicts('watch'))
    .action((options: Options) => run(options, (terminal) => act(options, terminal)))
  printable(configurable(command, FLAGS))
}

async function act(options: Options, terminal: Terminal): Promise<number> {
  if (options.dryRun) return tellWhatWaits(settingsOf(options, 'scraping'), terminal)
  const flags = { uploadConcurrency: options.concurrency, uploadRateMax: options.limitRate }
  const settings = settingsWithKey({ ...options, ...flags }, 'scraping', ['API_SERVER_URL', 'API_SECRET_KEY'])
  setUpNetwork(settings)
  const report = new UploadReport(terminal, foldersIn(settings.SCRAPING_DATA_DIR).outbox)
  const job = await jobOf(settings, report)
  const everyMs = settings.UPLOAD_WATCH_SECONDS * 1000
  const summary: Summary = options.watch
    ? await watchOutbox(job, { everyMs })
    : await uploadData(job, { wait: options.wait ?? false })
  report.end(summary)
  return EXIT_OF_OUTCOME[summary.outcome]
}

async function jobOf(settings: Settings, report: UploadReport): Promise<Job> {
  const {
    API_SERVER_URL: server,
    API_SECRET_KEY: key,
    UPLOAD_RATE_MAX: rate,
    RESUMABLE_BYTES_MIN: resumableBytesMin,
  } = settings
  const disk = realDisk()
  await checkPrivate(disk, [settings.SCRAPING_DATA_DIR, ...Object.values(foldersIn(settings.SCRAPING_DATA_DIR))])
  const rateLimit = rate === undefined ? {} : { rateLimit: createRateLimit(rate) }
  const clientWith = (key: string) =>
    createUploadClient({ server: server!, key, disk, resumableBytesMin, ...rateLimit })
  const keyAgain = changedKey(key!)
  const heartbeat = settings.HEARTBEAT_URL === undefined ? {} : { heartbeat: settings.HEARTBEAT_URL }
  return {
    disk,
    client: clientWith(key!),
    folders: await openFolders(disk, settings.SCRAPING_DATA_DIR),
    patience: { triesMax: settings.UPLOAD_TRIES_MAX },
    concurrency: settings.UPLOAD_CONCURRENCY,
    signal: stopSignal(),
    on: (event) => report.on(event),
    ...restOf(settings),
    ...heartbeat,
    renewedClient: () => {
      const renewed = keyAgain()
      return renewed === undefined ? undefined : clientWith(renewed)
    },
  }
}

function restOf({ OUTBOX_REST_SECONDS: seconds }: Settings): Pick<Job, 'rest'> {
  if (seconds === 0) return {}
  return { rest: { restMs: seconds * 1000, findWriters: findWritersOn(), platform: process.platform } }
}

async function tellWhatWaits(settings: Settings, terminal: Terminal): Promise<number> {
  const { outbox } = foldersIn(settings.SCRAPING_DATA_DIR)
  const { waiting, skipped } = await scanOutbox(realDisk(), outbox)
  for (const file of waiting) {
    terminal.say(`would send  ${file.name}  ${size(file.size)}`)
    terminal.record({ type: 'file', name: file.name, state: 'waiting', bytes: file.size })
  }
  for (const { name, reason } of skipped) {
    terminal.note(`left alone  ${name}: ${reason}`)
    terminal.record({ type: 'file', name, state: 'ignored', reason })
  }
  const bytes = waiting.reduce((sum, file) => sum + file.size, 0)
  terminal.say(`${count(waiting.length, 'file')} would be sent from ${outbox}, ${size(bytes)}.`)
  terminal.record({ type: 'summary', waiting: waiting.length, ignored: skipped.length, bytes })
  return EXIT.done
}
