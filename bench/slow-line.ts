/** A re-scrape of real stores over a slow line: `upload-data` beside what people do by hand, `gzip -6` and `curl`, one file after the other. */
import { execFile } from 'node:child_process'
import { copyFile, mkdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { type Machines, openMachines } from '../test/machines.ts'
import { dateIn, realFiles } from './data.ts'
import type { Report } from './report.ts'
import { openSlowProxy } from './slow-proxy.ts'

const BITS_PER_SECOND = 1_000_000
const DELAY_MS = 200
const STORES = 8
// One that waits for an answer keeps the line idle for as long as it is.
const AT_ONCE = 4

/** Undefined where there are no real files. */
export async function slowLine(): Promise<Report | undefined> {
  const files = await realFiles()
  if (files === undefined) return undefined
  const [before, again] = rescrapeIn(files)
  const ours = await overLine(async (machines, { proxied, direct, key }) => {
    await put(machines, before)
    await upload(machines, direct, key)
    await put(machines, again)
    return () => upload(machines, proxied, key)
  })
  const theirs = await overLine(async (_, { proxied, key }) => async () => {
    for (const file of again) await curl(proxied, key, file)
  })
  return {
    title: `${again.length} real re-scrapes over ${BITS_PER_SECOND / 1e6} Mbit/s and ${DELAY_MS} ms, without losses`,
    columns: ['s', 'KB sent'],
    rows: [
      ['gzip -6 and curl', theirs.ms / 1000, theirs.sentBytes / 1000],
      ['splitcart upload-data', ours.ms / 1000, ours.sentBytes / 1000],
    ],
  }
}

/** The last scrapes of some stores, and all that was scraped on earlier days. */
function rescrapeIn(files: readonly string[]): [string[], string[]] {
  const last = files.filter((file) => /2025-09-2[23]/.test(file)).slice(0, STORES)
  return [files.filter((file) => dateIn(file) < '2025-09-19'), last]
}

type Way = Readonly<{ proxied: string; direct: string; key: string }>

async function overLine(prepare: (machines: Machines, way: Way) => Promise<() => Promise<void>>) {
  await using machines = await openMachines()
  const { url: direct } = await machines.serve(['--no-update-db'])
  const key = await machines.key()
  await using line = await openSlowProxy({
    bitsPerSecond: BITS_PER_SECOND,
    delayMs: DELAY_MS,
    target: Number(new URL(direct).port),
  })
  const send = await prepare(machines, { proxied: line.url, direct, key })
  const begun = performance.now()
  await send()
  return { ms: performance.now() - begun, sentBytes: line.sentBytes }
}

async function put({ scraping }: Machines, files: readonly string[]): Promise<void> {
  const outbox = join(scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true })
  for (const file of files) await copyFile(file, join(outbox, basename(file)))
}

async function upload(machines: Machines, url: string, key: string): Promise<void> {
  const { code, stdout, stderr } = await machines.upload({ url }, key, '--concurrency', String(AT_ONCE))
  if (code !== 0) throw new Error(`upload-data ended with ${code}: ${stdout}${stderr}`)
}

async function curl(url: string, key: string, file: string): Promise<void> {
  const send =
    'set -o pipefail; gzip -6 -c "$0" > "$0.gz" && curl -sS --fail -o /dev/null -H "X-API-Key: $2" -F "file=@$0.gz" "$1/api/upload/"'
  await promisify(execFile)('bash', ['-c', send, file, url, key])
  await rm(`${file}.gz`)
}
