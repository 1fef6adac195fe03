/** What real scrapes take on the wire in the order of their dates, against what went before them, beside gzip. */
import { type FileHandle, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { Dictionaries } from '@splitcart/scraping/dictionaries.ts'
import { openFolders } from '@splitcart/scraping/folders.ts'
import { scanOutbox } from '@splitcart/scraping/outbox.ts'
import { spool } from '@splitcart/scraping/spool.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { realFiles } from './data.ts'
import type { Report } from './report.ts'

const GZIP_LEVEL = 6

type Measured = Readonly<{ bytes: number; ours: number; theirs: number; ourMs: number; theirMs: number }>

/** One file after the other, as `upload-data` prepares it where the server takes dictionaries; undefined where there are no real files. */
export async function wireReal(): Promise<Report | undefined> {
  const files = await realFiles()
  if (files === undefined) return undefined
  const at = await mkdtemp(join(tmpdir(), 'splitcart-wire-'))
  try {
    const measured: Measured[] = []
    for (const [index, file] of files.entries()) measured.push(await measure(at, file, index))
    return reportOf(measured)
  } finally {
    await rm(at, { recursive: true, force: true })
  }
}

async function measure(at: string, path: string, index: number): Promise<Measured> {
  const disk = realDisk()
  const folders = await openFolders(disk, at)
  const plain = basename(path)
  const bytes = await readFile(path)
  await mkdir(folders.spool, { recursive: true })
  await writeFile(join(folders.outbox, plain), bytes)
  const [file] = (await scanOutbox(disk, folders.outbox)).waiting
  // A process of its own for each file: all that is known is what lies in the archive.
  const dictionaries = new Dictionaries(disk, folders)
  const begun = performance.now()
  const choose = (source: FileHandle) => dictionaries.chooseFor({ source, size: bytes.length }, Date.now())
  const spooled = await spool(disk, folders, file!, { encoding: 'zstd', chooseDictionary: choose })
  const ourMs = performance.now() - begun
  const ours = (await stat(spooled!.path)).size
  const packing = performance.now()
  const theirs = (await promisify(gzip)(bytes, { level: GZIP_LEVEL })).length
  const theirMs = performance.now() - packing
  await rename(join(folders.outbox, plain), join(folders.archive, plain))
  await rm(folders.spool, { recursive: true })
  const receipt = receiptFor(
    { id: String(index), filename: plain, sha256: spooled!.sha256, bytes: bytes.length },
    index,
  )
  await writeFile(join(folders.archive, plain.replace(/\.jsonl$/, '.receipt.json')), JSON.stringify(receipt))
  return { bytes: bytes.length, ours, theirs, ourMs, theirMs }
}

function receiptFor(known: Pick<Receipt, 'id' | 'filename' | 'sha256' | 'bytes'>, index: number): Receipt {
  const now = Date.now()
  return {
    ...known,
    lines: 0,
    state: 'accepted',
    received_at: new Date(now - DAY_MS + index * 1000).toISOString(),
    duplicate: false,
    message: '',
    load: null,
    dictionary_until: new Date(now + DAY_MS).toISOString(),
  }
}

function reportOf(measured: readonly Measured[]): Report {
  const sum = (of: (one: Measured) => number) => measured.reduce((all, one) => all + of(one), 0)
  const median = (of: (one: Measured) => number) => measured.map(of).sort((a, b) => a - b)[measured.length >> 1]!
  const theirs = sum((one) => one.theirs)
  const row = (of: 'ours' | 'theirs', ms: 'ourMs' | 'theirMs') =>
    [
      sum((one) => one[of]) / 1e6,
      (100 * sum((one) => one[of])) / theirs,
      100 * median((one) => one[of] / one.theirs),
      median((one) => one[ms]),
    ] as const
  return {
    title: `${measured.length} real scrapes on the wire, ${(sum((one) => one.bytes) / 1e6).toFixed(0)} MB, in the order of their dates`,
    columns: ['MB', '% of gzip', 'median %', 'median ms a file'],
    rows: [
      ['gzip -6', ...row('theirs', 'theirMs')],
      ['splitcart: against what went before', ...row('ours', 'ourMs')],
    ],
  }
}
