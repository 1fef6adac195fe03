/**
 * A re-scrape of real stores over a slow line: `upload-data` beside what people do by hand, `gzip -6` and `curl` on one connection.
 *
 * A file has arrived when the server says in its log that it is accepted, on either way. The command ends later: it archives, packs what
 * it has archived, and tells of its machine.
 */
import { execFile } from 'node:child_process'
import { copyFile, mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import {
  listening,
  type Machines,
  openMachines,
  PROGRAM,
  recordsIn,
  startProgram,
  withoutSettings,
} from '../test/machines.ts'
import { dateIn, realFiles } from './data.ts'
import { FAR_ADDRESS, openPacketLine, type PacketLine } from './packet-line.ts'
import type { Report } from './report.ts'

const LINE = { bitsPerSecond: 1_000_000, delayMs: 200, loss: 100 }
const MORNING = '2025-09-22'
// One that waits for an answer keeps the line idle for as long as it is.
const AT_ONCE = 8
const ACCEPTED = 'upload accepted'

type Measured = { arrived: number; ended: number; kilobytes: number }
type Way = Readonly<{ machines: Machines; url: string; key: string }>
type Send = (way: Way, files: readonly string[]) => Promise<void>

/** Undefined where there are no real files. */
export async function slowLine(rounds: number): Promise<Report | undefined> {
  const files = await realFiles()
  if (files === undefined) return undefined
  const before = files.filter((file) => dateIn(file) < MORNING)
  const again = files.filter((file) => dateIn(file) >= MORNING && dateIn(file) < '2026')
  const ways = { curl: { earlier: [], send: curl }, ours: { earlier: before, send: upload } }
  const rows: Report['rows'][number][] = []
  for (const [title, parts] of [
    [`${again.length} files`, [again]],
    ['one file alone', again.map((file) => [file])],
  ] as const) {
    const measured = { curl: [] as Measured[], ours: [] as Measured[] }
    for (let round = 0; round < rounds; round++)
      for (const name of ['curl', 'ours'] as const) measured[name].push(...(await overLine(ways[name], parts, round)))
    const [arrived, ended] = [median(measured.curl, 'arrived'), median(measured.curl, 'ended')]
    for (const [name, words] of [
      ['curl', 'gzip -6 and curl'],
      ['ours', 'splitcart upload-data'],
    ] as const) {
      const own = { arrived: median(measured[name], 'arrived'), ended: median(measured[name], 'ended') }
      const kilobytes = median(measured[name], 'kilobytes')
      rows.push([`${words}, ${title}`, own.arrived, own.ended, kilobytes, arrived / own.arrived, ended / own.ended])
    }
  }
  return {
    title: `Real re-scrapes over ${LINE.bitsPerSecond / 1e6} Mbit/s and ${LINE.delayMs} ms that lose a packet in ${LINE.loss}`,
    columns: [
      'median s until all has arrived',
      'median s until it ended',
      'KB on the line',
      'arrived times sooner',
      'ended times sooner',
    ],
    rows,
  }
}

type Contestant = Readonly<{ earlier: readonly string[]; send: Send }>

/** Sends parts of the files one after the other, each when the one before has arrived. */
async function overLine({ earlier, send }: Contestant, parts: readonly (readonly string[])[], round: number) {
  await using machines = await openMachines()
  const key = await machines.key()
  if (earlier.length > 0) {
    const server = await machines.serve(['--no-update-db'])
    await upload({ machines, url: server.url, key }, earlier)
    server.child.kill('SIGTERM')
    await server.ended
  }
  const measured: Measured[] = []
  for (const [index, files] of parts.entries()) {
    await using line = await openPacketLine(LINE, 1000 * round + index)
    const { url, stop } = await serveAtFarEnd(machines, line)
    const begun = Date.now()
    await send({ machines, url, key }, files)
    const ended = (Date.now() - begun) / 1000
    const arrivals = recordsIn<{ msg: string; time: string }>({ stdout: (await stop()).stderr }).filter(
      ({ msg }) => msg === ACCEPTED,
    )
    if (arrivals.length !== files.length) throw new Error(`${arrivals.length} of ${files.length} files have arrived`)
    const arrived = (Math.max(...arrivals.map(({ time }) => Date.parse(time))) - begun) / 1000
    measured.push({ arrived, ended, kilobytes: (await line.close()) / 1000 })
  }
  return measured
}

async function serveAtFarEnd({ path, dataManagement }: Machines, { far, relay }: PacketLine) {
  const args = ['serve', '--host', FAR_ADDRESS, '--port', '0', '--behind-proxy', '--no-update-db']
  const env = { ...withoutSettings(), DATA_MANAGEMENT_DATA_DIR: dataManagement }
  const [program, ...within] = [...far, process.execPath]
  const server = await listening(startProgram([...within, PROGRAM, ...args], path, env, program))
  const stop = async () => {
    server.child.kill('SIGTERM')
    return server.ended
  }
  return { url: await relay(Number(new URL(server.url).port)), stop }
}

async function upload({ machines, url, key }: Way, files: readonly string[]): Promise<void> {
  const outbox = join(machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true })
  for (const file of files) await copyFile(file, join(outbox, basename(file)))
  const { code, stdout, stderr } = await machines.upload({ url }, key, '--concurrency', String(AT_ONCE))
  if (code !== 0) throw new Error(`upload-data ended with ${code}: ${stdout}${stderr}`)
}

/** All are compressed at once, and go over one connection. */
async function curl({ machines: { path }, url, key }: Way, files: readonly string[]): Promise<void> {
  const packed = files.map((file) => join(path, `${basename(file)}.gz`))
  const one = (file: string) => [
    '-sS',
    '--fail',
    '-o',
    '/dev/null',
    '-H',
    `X-API-Key: ${key}`,
    '-F',
    `file=@${file}`,
    `${url}/api/upload/`,
  ]
  const gzip = files.map((file, index) => `gzip -6 -c '${file}' > '${packed[index]}' &`).join(' ')
  await promisify(execFile)('bash', ['-c', `${gzip} wait`])
  await promisify(execFile)(
    'curl',
    packed.flatMap((file, index) => [...(index > 0 ? ['--next'] : []), ...one(file)]),
  )
}

function median(measured: readonly Measured[], of: keyof Measured): number {
  return measured.map((one) => one[of]).sort((one, other) => one - other)[measured.length >> 1]!
}
