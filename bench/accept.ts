/** Accepting one big upload, durably, against `gzip -dc` of the same bytes into a file and a sync of it. */
import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { foldersIn, makeFolders } from '@splitcart/data-management/folders.ts'
import { accept, type Inbox } from '@splitcart/data-management/inbox/accept.ts'
import { openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { writeBigFile } from '@splitcart/scraping/generator/write.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { temporaryFolder } from '../test/folders.ts'
import type { Benchmark } from './compare.ts'

const BYTES = 250_000_000

/** One file of 250 MB, compressed with gzip as any client sends it. */
export async function acceptBig(): Promise<Benchmark> {
  const at = await temporaryFolder()
  const plain = join(at.path, 'big.jsonl')
  const packed = `${plain}.gz`
  await writeBigFile(plain, { bytes: BYTES })
  await pipeline(createReadStream(plain), createGzip(), (await open(packed, 'w')).createWriteStream())
  const { size } = await stat(plain)
  const contestants = [
    { name: 'splitcart: decode, digest, write, fsync, link, ledger', run: () => acceptOnce(at.path, packed) },
    { name: 'gzip -dc to a file, and sync', run: () => gunzipOnce(join(at.path, 'gunzipped'), packed) },
  ]
  const amount = size / 1e6
  return {
    title: 'Accept one big upload',
    amount,
    unit: 'MB',
    contestants,
    [Symbol.asyncDispose]: () => at[Symbol.asyncDispose](),
  }
}

async function acceptOnce(folder: string, packed: string): Promise<string> {
  const folders = foldersIn(join(folder, 'data_management'))
  const disk = realDisk()
  await makeFolders(disk, folders)
  await using ledger = openLedger(folders.data)
  const limits = {
    bodyBytesMax: BYTES,
    contentBytesMax: 2 * BYTES,
    contentRatioMax: 1000,
    linesMax: BYTES,
    idleMsMax: 60_000,
  }
  const inbox: Inbox = { disk, folders, ledger, limits, diskBytesKept: 0, checkBacklog: async () => {}, now: Date.now }
  const about = {
    encoding: 'gzip',
    filename: 'big.jsonl',
    sha256: undefined,
    keyId: 'bench',
    whole: async () => {},
  } as const
  const { upload } = await accept(inbox, { ...about, body: createReadStream(packed) })
  await rm(folders.data, { recursive: true })
  return String(upload.bytes)
}

async function gunzipOnce(path: string, packed: string): Promise<string> {
  await using file = await open(path, 'w')
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  spawn('gzip', ['-dc', packed], { stdio: ['ignore', file.fd, 'inherit'] })
    .on('error', reject)
    .on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`gzip ended with ${code}`))))
  await promise
  await file.sync()
  return String((await file.stat()).size)
}
