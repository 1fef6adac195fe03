/** One large file over a line that breaks again and again, with a server and a sender that are killed, all as real processes. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { Chance } from '../packages/data-management/test/random.ts'
import { type CuttingProxy, openCuttingProxy } from './cutting-proxy.ts'
import { type Machines, openMachines, type Server, type Started } from './machines.ts'

const NAME = 'large.jsonl'
const ROW_BYTES = 40_000
// 190 of 256 values of a byte are left as base64 shrinks to its six bits.
const COMPRESSED_SHARE = 0.75
const ENDINGS = { UPLOAD_TRIES_MAX: '100' }

export type Scene = Readonly<{
  seed: number
  compressedBytes: number
  cuts: number
  serverKills: number
  senderKills: number
}>

/** What came of it. */
export type Passed = Readonly<{ spooledBytes: number; sentBytes: number; cuts: number; fault: string | undefined }>

/** Plays a scene to its end. */
export async function playResume(scene: Scene): Promise<Passed> {
  await using machines = await openMachines()
  await using proxy = await openCuttingProxy()
  const chance = new Chance(scene.seed)
  const sha256 = await writeLargeFile(join(machines.scraping, 'product_outbox'), scene.compressedBytes, chance)
  const stage = new Stage(machines, proxy)
  await stage.serve()
  stage.key = await machines.key()
  proxy.blows = stage.blows(scene, chance)
  const { code, printed, spooledBytes } = await stage.sendToTheEnd()
  const cuts = scene.cuts + scene.serverKills + scene.senderKills - proxy.blows.length
  const fault = code === 0 ? await faultOf(machines, sha256) : `upload-data ended with ${code}: ${printed}`
  return { spooledBytes, sentBytes: proxy.sentBytes, cuts, fault }
}

/** The two processes, whichever of them is alive. */
class Stage {
  readonly #machines: Machines
  readonly #proxy: CuttingProxy
  #server: Server | undefined
  #sender: Started | undefined
  #restarting: Promise<void> = Promise.resolve()
  #spooledBytes = 0
  key = ''

  constructor(machines: Machines, proxy: CuttingProxy) {
    this.#machines = machines
    this.#proxy = proxy
  }

  async serve(): Promise<void> {
    this.#server = await this.#machines.serve()
    this.#proxy.target = Number(new URL(this.#server.url).port)
  }

  blows({ compressedBytes, cuts, serverKills, senderKills }: Scene, chance: Chance) {
    const killServer = () => {
      this.#server?.child.kill('SIGKILL')
      this.#restarting = this.#restarting.then(() => this.serve())
    }
    const strikes = [
      ...Array<() => void>(cuts).fill(() => this.#proxy.cut()),
      ...Array<() => void>(serverKills).fill(killServer),
      ...Array<() => void>(senderKills).fill(() => this.#sender?.child.kill('SIGKILL')),
    ]
    const at = () => chance.between(1, Math.floor(compressedBytes * 0.98))
    return strikes.map((strike) => ({ at: at(), strike })).sort((one, other) => one.at - other.at)
  }

  /** Sends, and starts the sender again whenever it was killed. */
  async sendToTheEnd() {
    for (;;) {
      const environment = { API_SERVER_URL: this.#proxy.url, API_SECRET_KEY: this.key, ...ENDINGS }
      this.#sender = this.#machines.start(['upload-data', '--wait'], environment)
      const ended = await this.#sender.ended
      const copy = join(this.#machines.scraping, 'product_outbox', '.spool', `${NAME}.zst`)
      this.#spooledBytes ||= (await stat(copy).catch(() => undefined))?.size ?? 0
      await this.#restarting
      if (ended.signal === 'SIGKILL') continue
      return { code: ended.code, printed: ended.stdout + ended.stderr, spooledBytes: this.#spooledBytes }
    }
  }
}

/** Rows with so much chance in a field that nobody reads that they hardly get smaller. Gives the SHA-256 of the file. */
export async function writeLargeFile(outbox: string, compressedBytes: number, chance: Chance): Promise<string> {
  await mkdir(outbox, { recursive: true })
  const hash = createHash('sha256')
  const rows = Math.ceil(compressedBytes / COMPRESSED_SHARE / ROW_BYTES)
  const lines = function* () {
    for (let row = 0; row < rows; row++) {
      const line = `${JSON.stringify(rowOf(row, chance))}\n`
      hash.update(line)
      yield line
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(join(outbox, NAME)))
  return hash.digest('hex')
}

function rowOf(row: number, chance: Chance): object {
  const seed = createHash('shake256', { outputLength: Math.floor(ROW_BYTES * COMPRESSED_SHARE) })
  const noise = seed.update(`${row} ${chance.between(0, 1e9)}`).digest('base64')
  const name = `article ${row}`
  return {
    product: { sku: `s${row}`, name, normalized_name_brand_size: name, price_current: 1.5, noise },
    metadata: { company: 'aldi', store_name: 'nerang', store_id: 'G120', scraped_date: '2025-09-12' },
  }
}

async function faultOf(machines: Machines, sha256: string): Promise<string | undefined> {
  await using ledger = openLedger(machines.dataManagement)
  const { loaded, ...others } = await ledger.uploads.countByState()
  if (loaded !== 1 || Object.values(others).some((count) => count > 0))
    return 'the ledger has not exactly one loaded upload'
  using catalogue = openCatalogue(join(machines.dataManagement, 'catalogue.db'))
  if ((await catalogue.findLoad(sha256))?.state !== 'loaded') return 'these bytes are not loaded'
  const left = await readdir(join(machines.dataManagement, 'product_inbox', '.resumable'), { recursive: true })
  const bytes = left.filter((name) => /\/[0-9a-f-]{36}$/.test(name))
  if (bytes.length > 0) return `bytes are left in .resumable: ${bytes}`
  const archive = await machines.names('scraping', 'temp_jsonl_product_storage')
  return archive.includes(NAME) ? undefined : `the archive has ${archive}`
}
