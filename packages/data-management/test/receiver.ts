/** The server of a receiving machine, listening on a port of its own, with its folders below a temporary one. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { realDisk } from '@splitcart/shared/disk.ts'
import { PRODUCTS } from '@splitcart/shared/kinds.ts'
import { openLog } from '@splitcart/shared/log.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { TimeZone } from '@splitcart/shared/time-zone.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { openPostgresCatalogue } from '../catalogue/dialects/postgres/catalogue.ts'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { type Folders, foldersIn, makeFolders } from '../folders.ts'
import type { ServerLimits } from '../http/edge/server-limits.ts'
import { buildServer } from '../http/server.ts'
import type { Services } from '../http/services.ts'
import { ExportThreads } from '../http/threads/export-threads.ts'
import { QueryThreads, type QueryThreadsOptions } from '../http/threads/query-threads.ts'
import type { ReceivingContext } from '../inbox/accept.ts'
import { Dictionaries } from '../inbox/dictionaries.ts'
import type { JetStreamInbox } from '../inbox/jetstream/servers.ts'
import { SharedInbox } from '../inbox/jetstream/shared-inbox.ts'
import { UnfinishedUploads } from '../inbox/unfinished.ts'
import type { UnfinishedLimits } from '../inbox/unfinished-space.ts'
import type { Scope } from '../ledger/keys.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { PictureCache } from '../pictures/pictures.ts'
import { addressOf, openLedgerIn } from './ledgers.ts'

const MIB = 1024 * 1024

export type Receiver = AsyncDisposable &
  Readonly<{
    url: string
    port: number
    /** A key with the scope `upload`. */
    key: string
    folders: Folders
    ledger: Ledger
    catalogue: Catalogue
    queries: QueryThreads
    unfinished: UnfinishedUploads
    makeKey: (...scopes: Scope[]) => Promise<string>
    /** How many connections are open. */
    connections: () => Promise<number>
    /** What lies in the inbox, parts too. */
    inboxNames: () => Promise<string[]>
    /** What the server logged, from the level warn on where no other is asked for. */
    logged: () => Promise<string>
    /** Of this what is a fault of the server; once a minute it sums up there what it refused. */
    faultsLogged: () => Promise<string>
  }>

export const SETTINGS_KEY = 'a-key-from-the-settings-of-a-test'

export const LIMITS = {
  bodyBytesMax: 4 * MIB,
  contentBytesMax: 16 * MIB,
  contentRatioMax: 1000,
  linesMax: 1_000_000,
  idleMsMax: 60_000,
}

const DICTIONARIES = { bytesKept: MIB, daysKept: 90 }
const UNFINISHED = { countMax: 4, keyBytesMax: 8 * MIB, bytesMax: 12 * MIB, ageMsMax: HOUR_MS }

type ReceiverOptions = Partial<Omit<ReceivingContext, 'folders' | 'ledger'>> &
  Readonly<{
    /** Of an inbox that machines share. */
    servers?: JetStreamInbox
    kinds?: readonly string[]
    unfinished?: Partial<UnfinishedLimits>
    serverLimits?: Partial<ServerLimits>
    pageFolder?: string
    logLevel?: 'warn' | 'info' | 'debug'
    queries?: Partial<QueryThreadsOptions>
    pictures?: PictureCache
    noticeTargets?: Services['noticeTargets']
    /** In which days begin; else UTC. */
    zone?: TimeZone
    currency?: string
  }>

async function openCatalogueIn(
  folder: string,
): Promise<{ catalogue: Catalogue; place: QueryThreadsOptions['catalogue'] }> {
  const server = await addressOf(folder)
  const file = join(folder, 'catalogue.db')
  return server === undefined
    ? { catalogue: openCatalogue(file), place: { file } }
    : { catalogue: await openPostgresCatalogue(server), place: { server } }
}

export async function openReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const at = await temporaryFolder()
  const disk = realDisk()
  const folders = foldersIn(at.path)
  const { kinds = [PRODUCTS], pageFolder, pictures = new PictureCache(), noticeTargets, zone = TimeZone.utc } = options
  await makeFolders(disk, folders, kinds)
  const ledger = await openLedgerIn(at.path, SETTINGS_KEY)
  const { catalogue, place } = await openCatalogueIn(at.path)
  const logFile = openSync(join(at.path, 'server.log'), 'a')
  const steady = options.now ?? (() => performance.now())
  const kept = { limits: LIMITS, diskBytesKept: 0, checkBacklog: async () => {}, now: Date.now, steady }
  const shared = options.servers && new SharedInbox({ disk, folders, ledger }, options.servers)
  const dictionaries = new Dictionaries({ disk, folders, ledger, inbox: shared }, DICTIONARIES)
  const inbox: ReceivingContext = { disk, folders, ledger, inbox: shared, dictionaries, ...kept, ...options }
  const limits = { ...UNFINISHED, ...options.unfinished }
  const unfinished = await UnfinishedUploads.open({ disk, folder: folders.resumable, limits, now: inbox.now })
  const readFrom = { dataFolder: at.path, catalogue: place, diskBytesKept: inbox.diskBytesKept, timeZone: zone.name }
  const queries = new QueryThreads({ ...readFrom, currency: options.currency, ...options.queries })
  const exports = new ExportThreads({ folder: at.path, catalogue: place, diskBytesKept: 0 })
  const page = pageFolder === undefined ? {} : { pageFolder }
  const told = { currency: options.currency, ...(noticeTargets && { noticeTargets }) }
  const services = { inbox, unfinished, kinds, catalogue, queries, exports, pictures, zone, ...page, ...told }
  const server = await buildServer(services, openLog(options.logLevel ?? 'warn', logFile), options.serverLimits)
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const close = async () => {
    server.server.closeAllConnections()
    await server.close()
    for (const each of [queries, exports, catalogue, ledger]) await each[Symbol.asyncDispose]()
    closeSync(logFile)
    await at[Symbol.asyncDispose]()
  }
  const logged = () => readFile(join(at.path, 'server.log'), 'utf8')
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    key: await keyIn(ledger, 'upload'),
    folders,
    ledger,
    catalogue,
    queries,
    unfinished,
    makeKey: (...scopes) => keyIn(ledger, ...scopes),
    connections: promisify(server.server.getConnections.bind(server.server)),
    inboxNames: () => everythingIn(folders.inbox),
    logged,
    faultsLogged: async () => (await logged()).replaceAll(/^.*"msg":"more requests refused"}\n/gm, ''),
    [Symbol.asyncDispose]: close,
  }
}

async function keyIn({ keys }: Ledger, ...scopes: Scope[]): Promise<string> {
  return (await keys.create({ name: 'a test', scopes, onlyFor: null, expiresAt: null }, Date.now())).text
}

async function everythingIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => name)
    .sort()
}

/** A file of good rows; another `price` makes other bytes. */
export function rowsText(count: number, price: number = 1.5): string {
  return Array.from({ length: count }, (_, index) => {
    const name = `Milk ${index} ÄÖ`
    const product = { sku: `s${index}`, name, normalized_name_brand_size: name.toLowerCase(), price_current: price }
    const metadata = { company: 'aldi', store_name: 'nerang', store_id: 'G120', scraped_date: '2025-09-12' }
    return `${JSON.stringify({ product, metadata })}\n`
  }).join('')
}

export const TEXT = rowsText(3)

export function sha256Of(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** An answer, read to its end. */
export type Answer = Readonly<{ status: number; headers: Headers; body: Record<string, unknown> & Partial<Receipt> }>

/** Posts a body and reads the answer, which must be JSON. */
export async function post(
  receiver: Pick<Receiver, 'url' | 'key'>,
  headers: Record<string, string>,
  body: RequestInit['body'],
  path = '/api/upload/',
): Promise<Answer> {
  const all = { 'X-API-Key': receiver.key, ...headers }
  return read(await fetch(receiver.url + path, { method: 'POST', headers: all, body, duplex: 'half' } as RequestInit))
}

/** Posts text as compressed raw body under a name. */
export function postGzip(receiver: Pick<Receiver, 'url' | 'key'>, name: string, text: string): Promise<Answer> {
  return post(receiver, { 'Content-Type': 'application/gzip', 'Content-Disposition': named(name) }, gzipSync(text))
}

export async function get(receiver: Pick<Receiver, 'url' | 'key'>, path: string): Promise<Answer> {
  return read(await fetch(receiver.url + path, { headers: { 'X-API-Key': receiver.key } }))
}

async function read(response: Response): Promise<Answer> {
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: JSON.parse(text) }
}

export function named(name: string): string {
  return `attachment; filename="${name}"`
}

/** Checks that an answer is the problem of a code, as every problem is told. */
export function assertProblem(answer: Answer, status: number, code: string): void {
  assert.equal(answer.body.code, code, JSON.stringify(answer.body))
  assert.equal(answer.status, status)
  assert.equal(answer.headers.get('content-type'), 'application/problem+json')
  assert.equal(answer.body.type, `urn:splitcart:problem:${code}`)
  assert.equal(answer.body.status, status)
  for (const field of ['title', 'detail', 'todo']) assert.equal(typeof answer.body[field], 'string')
  assert.match(String(answer.body.instance), /^urn:uuid:[0-9a-f-]{36}$/)
}
