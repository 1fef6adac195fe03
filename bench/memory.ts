/** The memory of sender, receiver and loader at its peak, for files of any size. */
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeBigFile } from '@splitcart/scraping/generator/write.ts'
import type { Started } from '../test/machines.ts'
import { KEY } from './curl.ts'
import { WHOLE_DRIFT } from './data.ts'
import { peakBytesOf, watchPeak } from './process-figures.ts'
import type { Report } from './report.ts'
import { openStage, type Stage } from './stage.ts'

const SIZES = { '3 MB': 3_000_000, '300 MB': 300_000_000, '4 GB': 4_000_000_000 } as const
const MIB = 2 ** 20

/** One file of each size, sent, received and loaded by new processes. */
export async function memory(): Promise<Report> {
  const rows: [string, ...number[]][] = []
  for (const [name, bytes] of Object.entries(SIZES)) {
    await using stage = await openStage()
    rows.push([name, ...(await measure(stage, bytes))])
  }
  return {
    title: 'Memory at its peak (VmHWM) for one file',
    columns: ['sender MiB', 'receiver MiB', 'loader MiB', 'send s', 'load s'],
    rows,
  }
}

async function measure(stage: Stage, bytes: number): Promise<number[]> {
  const outbox = join(stage.machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true })
  await writeBigFile(join(outbox, 'big.jsonl'), { bytes, drift: WHOLE_DRIFT })
  await stage.anew()
  const { url, pid, inbox } = stage.receiver()
  const sender = await watched(stage.machines.start(['upload-data'], { API_SERVER_URL: url, API_SECRET_KEY: KEY }))
  const receiver = peakBytesOf(pid)!
  const { size } = await stat(join(inbox, 'big.jsonl'))
  if (size < bytes) throw new Error(`${size} of ${bytes} bytes arrived`)
  await rm(stage.machines.scraping, { recursive: true })
  const loader = await watched(stage.machines.start(['update-db', '--products']))
  return [sender.peakBytes / MIB, receiver / MIB, loader.peakBytes / MIB, sender.seconds, loader.seconds]
}

async function watched({ child, ended }: Started): Promise<{ peakBytes: number; seconds: number }> {
  const start = performance.now()
  const peak = watchPeak(child.pid!)
  const { code, stderr } = await ended
  if (code !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with ${code}: ${stderr}`)
  return { peakBytes: peak(), seconds: (performance.now() - start) / 1000 }
}
