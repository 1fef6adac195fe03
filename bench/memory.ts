/** The memory of sender, receiver and loader at its peak, for files of any size and whatever they are made of. */
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeBigFile } from '@splitcart/generator/write.ts'
import { HEAVY_FILES, writeHeavyFile } from '../test/heavy-files.ts'
import { peakBytesOf } from '../test/memory-group.ts'
import { KEY } from './curl.ts'
import { WHOLE_DRIFT } from './data.ts'
import type { Report } from './report.ts'
import { openStage, type Stage } from './stage.ts'
import { watched } from './watched.ts'

const SIZES = { '3 MB': 3_000_000, '300 MB': 300_000_000, '4 GB': 4_000_000_000 } as const
const MIB = 2 ** 20
const HEAVY_BYTES = 100 * MIB
// A server is asked to take what compresses well.
const SERVER = { environment: { CONTENT_RATIO_MAX: '1000000' } }

/** One file of each size, sent, received and loaded by new processes. */
export async function memory(): Promise<Report> {
  const rows: [string, ...number[]][] = []
  const measured = async (name: string, write: Write) => {
    await using stage = await openStage()
    rows.push([name, ...(await measure(stage, write))])
  }
  for (const [name, bytes] of Object.entries(SIZES))
    await measured(name, (path) => writeBigFile(path, { bytes, drift: WHOLE_DRIFT }))
  for (const file of HEAVY_FILES)
    await measured(`100 MiB: ${file.name}`, (path) => writeHeavyFile(path, file, HEAVY_BYTES * (file.share ?? 1)))
  return {
    title: 'Memory at its peak (VmHWM) for one file',
    columns: ['sender MiB', 'receiver MiB', 'loader MiB', 'send s', 'load s'],
    rows,
  }
}

/** Writes a file. */
type Write = (path: string) => Promise<unknown>

async function measure(stage: Stage, write: Write): Promise<number[]> {
  const outbox = join(stage.machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true })
  await write(join(outbox, 'big.jsonl'))
  const { size: bytes } = await stat(join(outbox, 'big.jsonl'))
  await stage.anew(SERVER)
  const { url, pid, inbox } = stage.receiver()
  const sender = await watched(stage.machines.start(['upload-data'], { API_SERVER_URL: url, API_SECRET_KEY: KEY }))
  const receiver = peakBytesOf(pid)
  const { size } = await stat(join(inbox, 'big.jsonl'))
  if (size < bytes) throw new Error(`${size} of ${bytes} bytes arrived`)
  await rm(stage.machines.scraping, { recursive: true })
  const loader = await watched(stage.machines.start(['update-db', '--products', '--force']))
  return [sender.peakBytes / MIB, receiver / MIB, loader.peakBytes / MIB, sender.seconds, loader.seconds]
}
