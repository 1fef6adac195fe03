/** Accepting one big upload. */
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOfFile } from '@splitcart/shared/digest.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import type { Comparison, Contestant, Facts } from './compare.ts'
import { CURL, curlToUs } from './curl.ts'
import { bigFile } from './data.ts'
import { output } from './programs.ts'
import { startBareServer } from './rivals/bare.ts'
import { startNginx } from './rivals/nginx.ts'
import { openStage, quiet, type Stage } from './stage.ts'

const BYTES = 250_000_000
const NAME = 'big.jsonl'

/** One file of 250 MB, compressed by `gzip -6`, sent by curl to all. */
export async function acceptOne(): Promise<Comparison> {
  const { packed } = await bigFile(BYTES)
  const stage = await openStage()
  const nginx = await viaNginx(join(stage.machines.path, 'nginx'), packed)
  const bare = await viaBareNode(join(stage.machines.path, 'bare'), packed)
  return {
    title: 'Accepting one upload of 250 MB',
    amount: BYTES / 1e6,
    unit: 'MB',
    contestants: [ours(stage, packed), nginx, bare],
    [Symbol.asyncDispose]: async () => {
      await nginx[Symbol.asyncDispose]()
      await bare[Symbol.asyncDispose]()
      await stage[Symbol.asyncDispose]()
    },
  }
}

function ours(stage: Stage, packed: string): Contestant {
  return {
    name: 'splitcart: decoded, digested, named and recorded durably',
    prepare: () => stage.anew({ isWarm: true }),
    run: async () => void (await output('curl', curlToUs(stage.receiver().url, packed, NAME))),
    facts: () => factsOf(join(stage.receiver().inbox, NAME)),
    pids: () => [stage.receiver().pid],
  }
}

async function viaNginx(folder: string, packed: string): Promise<Contestant & AsyncDisposable> {
  const nginx = await startNginx(folder)
  const plain = join(nginx.files, NAME)
  return {
    name: 'nginx PUT, then gzip -dc to a file, synced',
    prepare: () => cleared([plain, `${plain}.gz`]),
    run: async () => {
      await output('curl', [...CURL, '-T', packed, `http://127.0.0.1:${nginx.port}/${NAME}.gz`])
      await using file = await open(plain, 'w')
      await output('gzip', ['-dc', `${plain}.gz`], { stdio: ['ignore', file.fd, 'inherit'] })
      await file.sync()
    },
    facts: () => factsOf(plain),
    pids: nginx.pids,
    [Symbol.asyncDispose]: () => nginx[Symbol.asyncDispose](),
  }
}

async function viaBareNode(folder: string, packed: string): Promise<Contestant & AsyncDisposable> {
  const server = await startBareServer(folder)
  return {
    name: 'floor: bare Node server, gunzip to a file, not synced',
    prepare: () => cleared([join(folder, NAME)]),
    run: async () => void (await output('curl', [...CURL, '-T', packed, `http://127.0.0.1:${server.port}/${NAME}.gz`])),
    facts: () => factsOf(join(folder, NAME)),
    pids: () => [server.pid],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function cleared(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true })
  await quiet()
}

/** What a file holds. */
export async function factsOf(path: string): Promise<Facts> {
  const { sha256, bytes } = await digestOfFile(realDisk(), path)
  return { sha256, bytes }
}
