/**
 * Names that are a file, a link, a FIFO, a folder and nothing by turns, while the sender sends them and the loader loads them: what
 * lies outside is neither read nor written, nobody waits for a FIFO, and afterwards honest files come through.
 */
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { gunzipSync } from 'node:zlib'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { openReceiver, postGzip, type Receiver, rowsText } from '../../packages/data-management/test/receiver.ts'
import { runLoaderPass } from '../../packages/data-management/update-db/update-db.ts'
import { putInOutbox, row, textOf } from '../../packages/scraping/test/place.ts'
import { freshSender, upload } from '../../packages/scraping/test/sender.ts'
import { temporaryFolder } from '../../test/folders.ts'
import type { Case, Fault, Options } from '../campaign.ts'
import type { Swapping } from './swapper.ts'

const SWAPPER = new URL('swapper.ts', import.meta.url)
const SECRET = 'of-somebody-else'
// A row that would be taken, and found in what was taken.
const SECRET_TEXT = textOf(row(SECRET))
const PASS_MS_MAX = 60_000
const MODELS = 5

/** Makes the case: so many swaps under the sender and as many under the loader. Another disk shows whether a mistake is noticed. */
export function swaps({ turns = 10_000 }: Options, disk: Disk = realDisk()): Case {
  const sum = { turns: 0, passes: 0, taken: 0 }
  const round = async (seed: number): Promise<Fault> => {
    const trial = { seed, turns, sum, disk }
    return (await underTheSender(trial)) ?? (await underTheLoader(trial))
  }
  const figure = () => `${sum.turns} swaps, ${sum.passes} passes meanwhile, which took ${sum.taken} files`
  return Object.assign(round, { figure })
}

type Sum = { turns: number; passes: number; taken: number }
type Trial = Readonly<{ seed: number; turns: number; sum: Sum; disk: Disk }>

async function underTheSender({ seed, turns, sum, disk }: Trial): Promise<Fault> {
  await using sender = await freshSender({ disk })
  const { folders } = sender.place
  const within = (folder: string, ...names: string[]) => names.map((name) => join(folder, name))
  const names = [
    ...within(folders.outbox, 'a.jsonl', 'b.jsonl', 'c.jsonl'),
    ...within(folders.spool, 'a.jsonl.zst', 'a.jsonl.json', 'a.jsonl.json.part', 'a.jsonl.resume'),
    ...within(folders.archive, 'a.jsonl', 'a.receipt.json', 'a.receipt.json.part', 'a.rejects.jsonl'),
    ...within(folders.refused, 'a.jsonl', 'a.problem.json'),
    ...within(folders.part, 'a.jsonl', 'b.12345-0123456789ab.jsonl.part'),
  ]
  const fault = await whileSwapping({ seed, turns, names }, sum, () => upload(sender))
  if (fault !== undefined) return `sender: ${fault}`
  sum.taken += sender.server.contents.size
  await putInOutbox(sender.place, 'honest.jsonl', textOf(row('honest')))
  const { sent } = await upload(sender)
  if (sent !== 1) return `sender: of one honest file ${sent} were sent afterwards`
  for (const content of sender.server.contents.values()) if (content.includes(SECRET)) return 'sender: it sent a secret'
  return await faultOfContents('sender', [folders.archive, folders.refused, folders.spool])
}

async function underTheLoader({ seed, turns, sum, disk }: Trial): Promise<Fault> {
  await using receiver = await openReceiver({ disk })
  const { inbox, processed, held, failed, parts } = receiver.folders
  const within = (folder: string, ...names: string[]) => names.map((name) => join(folder, name))
  const names = [
    ...within(inbox, 'a.jsonl', 'b.jsonl', 'c.jsonl'),
    ...within(processed, 'a.jsonl', 'b.jsonl'),
    ...within(held, 'a.jsonl'),
    ...within(failed, 'a.jsonl'),
    ...within(parts, 'x'),
  ]
  let price = 0
  const pass = async () => {
    await postGzip(receiver, 'a.jsonl.gz', rowsText(3, ++price / 100))
    sum.taken += (await load(receiver, disk)).loaded
  }
  const fault = await whileSwapping({ seed, turns, names }, sum, pass)
  if (fault !== undefined) return `loader: ${fault}`
  await writeFile(join(inbox, 'honest.jsonl'), textOf(row('honest')))
  await utimes(join(inbox, 'honest.jsonl'), 1, 1)
  if ((await load(receiver, disk)).loaded < 1) return 'loader: an honest file was not loaded afterwards'
  const { database } = receiver.catalogue
  for await (const { name } of database.each<{ name: string }>('select name from label'))
    if (name.includes(SECRET)) return 'loader: it loaded a secret'
  return await faultOfContents('loader', [inbox, processed, held, failed])
}

function load({ folders, ledger, catalogue }: Receiver, disk: Disk) {
  const work = { disk, folders, ledger, catalogue, lineBytesMax: 2 ** 20, hold: undefined, now: Date.now }
  return runLoaderPass({ ...work, log: openLog('silent'), onFile: () => {} }, new AbortController().signal)
}

type Swaps = Pick<Swapping, 'seed' | 'turns' | 'names'>

/** Makes passes as long as names are swapped; whether they come through does not matter, that they end does. */
async function whileSwapping(swapping: Swaps, sum: Sum, pass: () => Promise<unknown>): Promise<Fault> {
  await using at = await temporaryFolder()
  const outside = join(at.path, 'outside')
  const own = join(at.path, 'own')
  const models = Array.from({ length: MODELS }, (_, number) => join(at.path, `model-${number}`))
  await mkdir(own)
  await writeFile(outside, SECRET_TEXT)
  await utimes(outside, 1, 1)
  for (const [number, model] of models.entries()) await writeFile(model, textOf(row(`Milk ${number}`)))
  const before = await stat(outside)
  // What is loaded when it is first needed is loaded now.
  await pass()
  const worker = new Worker(SWAPPER, { workerData: { ...swapping, models, outside, own } satisfies Swapping })
  const ended = new Promise<{ done: number }>((resolve, reject) => worker.on('message', resolve).on('error', reject))
  let isSwapping = true
  const over = ended.then(({ done }) => (sum.turns += done)).finally(() => (isSwapping = false))
  // Awaited below; a failure must not count as unhandled until then.
  over.catch(() => {})
  try {
    while (isSwapping) {
      if (await isLate(pass())) return 'a pass does not end'
      sum.passes++
      await nextTurn()
    }
    await ended
  } finally {
    await worker.terminate()
  }
  const after = await stat(outside)
  const isSame = (['mode', 'size', 'mtimeMs', 'nlink'] as const).every((what) => before[what] === after[what])
  return isSame && (await readFile(outside, 'utf8')) === SECRET_TEXT ? undefined : 'what lies outside has changed'
}

async function isLate(pass: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const late = setTimeout(() => resolve(true), PASS_MS_MAX)
  pass.then(
    () => resolve(false),
    () => resolve(false),
  )
  return promise.finally(() => clearTimeout(late))
}

async function faultOfContents(who: string, folders: readonly string[]): Promise<Fault> {
  for (const folder of folders)
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isFile()) continue
      const bytes = await readFile(join(folder, entry.name))
      const text = entry.name.endsWith('.gz') ? gunzipSync(bytes) : bytes
      if (text.includes(SECRET)) return `${who}: ${entry.name} in ${folder} holds a secret`
    }
  return undefined
}
