/** Accepting a thousand small uploads that come at the same moment, each from a machine of its own. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { foldersIn, makeFolders } from '@splitcart/data-management/folders.ts'
import { openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { planOf } from '@splitcart/generator/plan.ts'
import { digestOfFile } from '@splitcart/shared/digest.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { type Comparison, type Contestant, type Facts, type Figures, quantile } from './compare.ts'
import { daysOf, filesIn } from './data.ts'
import { output } from './programs.ts'
import { startBareServer } from './rivals/bare.ts'
import { startNginx } from './rivals/nginx.ts'
import { openStage, quiet, type Stage } from './stage.ts'

const PLAN = planOf({ companies: 4, stores: 250, days: 1, products: 50 })

/** An upload: what is sent, and the request that sends it. */
type Upload = Readonly<{ name: string; packed: Buffer }>
type Head = Readonly<{ method: string; url: string; headers: Record<string, string>; status: number }>

/** A thousand uploads of 50 rows. */
export async function acceptSmall(): Promise<Comparison> {
  const [folder = ''] = await daysOf(PLAN)
  const uploads = await Promise.all((await filesIn(folder)).map(readUpload))
  const stage = await openStage()
  const nginx = await viaNginx(join(stage.machines.path, 'nginx'), uploads)
  const bare = await viaBareNode(join(stage.machines.path, 'bare'), uploads)
  return {
    title: `Accepting ${uploads.length.toLocaleString('en')} uploads of 50 rows at once`,
    amount: uploads.length,
    unit: 'uploads',
    contestants: [ours(stage, uploads), nginx, bare],
    [Symbol.asyncDispose]: async () => {
      await nginx[Symbol.asyncDispose]()
      await bare[Symbol.asyncDispose]()
      await stage[Symbol.asyncDispose]()
    },
  }
}

async function readUpload(path: string): Promise<Upload> {
  return { name: path.slice(path.lastIndexOf('/') + 1), packed: gzipSync(await readFile(path)) }
}

function ours(stage: Stage, uploads: readonly Upload[]): Contestant {
  let keys: string[] = []
  const headFor = ({ name }: Upload, index: number): Head => ({
    method: 'POST',
    url: `${stage.receiver().url}/api/upload/`,
    headers: {
      'X-API-Key': keys[index]!,
      'Content-Type': 'application/gzip',
      'Content-Disposition': `attachment; filename="${name}.gz"`,
    },
    status: 201,
  })
  return {
    name: 'splitcart: each with a key of its own, durable when answered',
    prepare: () =>
      stage.anew({
        isWarm: true,
        fill: async () => {
          keys = await makeKeys(stage.machines.dataManagement, uploads.length)
        },
      }),
    run: () => sendAll(uploads, headFor),
    facts: () => factsOf(stage.receiver().inbox, uploads),
    pids: () => [stage.receiver().pid],
  }
}

async function makeKeys(folder: string, count: number): Promise<string[]> {
  const folders = foldersIn(folder)
  await makeFolders(realDisk(), folders)
  await using ledger = openLedger(folders.data)
  const keys: string[] = []
  for (let index = 0; index < count; index++) {
    const wanted = { name: `machine ${index}`, scopes: ['upload'], onlyFor: null, expiresAt: null } as const
    keys.push((await ledger.keys.create(wanted, Date.now())).text)
  }
  return keys
}

async function viaNginx(folder: string, uploads: readonly Upload[]): Promise<Contestant & AsyncDisposable> {
  const nginx = await startNginx(folder)
  const headFor = ({ name }: Upload): Head => putTo(nginx.port, name)
  return {
    name: 'nginx PUT, then one gzip -d of all, and one sync of all',
    prepare: () => emptied(nginx.files),
    run: async () => {
      const figures = await sendAll(uploads, headFor)
      const paths = await filesIn(nginx.files)
      await output('gzip', ['-d', ...paths])
      await output('sync', [...paths.map((path) => path.replace(/\.gz$/, '')), nginx.files])
      return figures
    },
    facts: () => factsOf(nginx.files, uploads),
    pids: nginx.pids,
    [Symbol.asyncDispose]: () => nginx[Symbol.asyncDispose](),
  }
}

async function viaBareNode(folder: string, uploads: readonly Upload[]): Promise<Contestant & AsyncDisposable> {
  const server = await startBareServer(folder)
  return {
    name: 'floor: bare Node server, gunzip to files, not synced',
    prepare: () => emptied(folder),
    run: () => sendAll(uploads, ({ name }) => putTo(server.port, name)),
    facts: () => factsOf(folder, uploads),
    pids: () => [server.pid],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function putTo(port: number, name: string): Head {
  return { method: 'PUT', url: `http://127.0.0.1:${port}/${name}.gz`, headers: {}, status: 201 }
}

async function emptied(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  await quiet()
}

async function sendAll(uploads: readonly Upload[], headFor: (upload: Upload, index: number) => Head): Promise<Figures> {
  const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })
  const seconds = await Promise.all(uploads.map((upload, index) => send(upload, headFor(upload, index), agent)))
  agent.destroy()
  return { 'p99 s': quantile(seconds, 0.99) }
}

/** Sends one upload and gives the seconds until it is answered; throws when it is not taken. */
async function send({ name, packed }: Upload, { method, url, headers, status }: Head, agent: Agent): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const start = performance.now()
  const asked = request(url, { agent, method, headers: { ...headers, 'Content-Length': packed.length } })
  asked.on('response', async (response) => {
    const answer = await text(response)
    if (response.statusCode === status) resolve((performance.now() - start) / 1000)
    else reject(new Error(`${name} was answered ${response.statusCode}: ${answer}`))
  })
  asked.on('error', reject).end(packed)
  return promise
}

/** How many files lie in a folder, and the digest of the digests of all: none is lost, and none is damaged. */
async function factsOf(folder: string, uploads: readonly Upload[]): Promise<Facts> {
  const sent = new Set(uploads.map(({ name }) => name))
  const names = (await readdir(folder)).filter((name) => sent.has(name))
  const digests = await Promise.all(names.map((name) => digestOfFile(realDisk(), join(folder, name))))
  const sum = digests.map(({ sha256 }) => BigInt(`0x${sha256}`)).reduce((one, other) => one ^ other, 0n)
  return { files: names.length, digests: sum.toString(16) }
}
