/** A scraping machine: a scraper that writes its files one after the other, and `upload-data`, each a process of its own. */
import { realClock } from '@splitcart/scraping/clock.ts'
import { openFolders } from '@splitcart/scraping/folders.ts'
import { JsonlWriter } from '@splitcart/scraping/jsonl-writer.ts'
import { orphanedPartsIn, salvage } from '@splitcart/scraping/orphaned-parts.ts'
import { uploadRound } from '@splitcart/scraping/upload-data.ts'
import { newRun, type UploadJob } from '@splitcart/scraping/upload-job.ts'
import type { Disk } from '@splitcart/shared/disk.ts'
import { SCRAPED_AT, type Scraped } from './contents.ts'
import type { Mistake } from './mistake.ts'
import { clientOf, type Network } from './network.ts'
import { CLIENT_DATA as DATA, CLIENT as FOLDERS } from './places.ts'
import { diskOf } from './process-disk.ts'
import { type Machine, newMachine, Process } from './world.ts'

const SALVAGED_SHARE = 0.5
const EMPTY_SHARE = 0.1
const NEVER = new AbortController().signal

const REST_SPEED = 1_000

/** A scraping machine. */
export class Client {
  readonly machine: Machine
  /** The SHA-256 of every file whose writer was told that it is in the outbox. */
  readonly published = new Set<string>()
  readonly #network: Network
  readonly #mistake: Mistake
  readonly #scrapes: readonly Scraped[]
  #written = 0
  #hasWritten = false
  /** Whether a whole round found nothing left to do. A crash may bring something back. */
  #wasQuiet = false

  constructor(network: Network, name: string, scrapes: readonly Scraped[], mistake: Mistake) {
    this.#network = network
    this.#mistake = mistake
    this.#scrapes = scrapes
    this.machine = newMachine(name, network.world.clockOf(name))
    // Now and then the folders are not there yet.
    if (!network.world.chance.is(EMPTY_SHARE)) this.machine.store.prepare(Object.values(FOLDERS))
    this.#startWriter()
    this.#startSender()
  }

  #start(restart: () => void): { process: Process; disk: Disk } {
    this.#wasQuiet = false
    const process = new Process(this.#network.world, this.machine, restart)
    const disk = diskOf(process)
    return { process, disk: this.#mistake.client?.(disk) ?? disk }
  }

  #startWriter(): void {
    const { process, disk } = this.#start(() => this.#startWriter())
    this.#hasWritten = false
    const { world } = this.#network
    world.go(process, async () => {
      const folders = await openFolders(disk, DATA)
      if (world.chance.is(SALVAGED_SHARE))
        for (const orphan of await orphanedPartsIn(disk, folders)) {
          const salvaged = await salvage(disk, folders, orphan)
          if (salvaged !== null) this.published.add(salvaged.sha256)
        }
      for (; this.#written < this.#scrapes.length; this.#written++)
        await this.#write(disk, this.#scrapes[this.#written]!)
      this.#hasWritten = true
    })
  }

  async #write(disk: Disk, { fileName, rows }: Scraped): Promise<void> {
    await using writer = await JsonlWriter.open(DATA, { fileName, disk, now: SCRAPED_AT })
    for (const row of rows) await writer.write(row)
    const { sha256 } = await writer.commit()
    this.published.add(sha256)
  }

  #startSender(): void {
    const { process, disk } = this.#start(() => this.#startSender())
    const { world } = this.#network
    const client = clientOf(this.#network, process, disk)
    const job: UploadJob = {
      disk,
      folders: FOLDERS,
      client: this.#mistake.upload?.(client, disk) ?? client,
      patience: { triesMax: 1 },
      signal: NEVER,
      on: () => {},
      concurrency: world.chance.of([1, 2]),
      // Files that failed are set aside for minutes and more: here that is a few steps.
      clock: { ...realClock(), now: world.clockOf(this.machine.name), steady: () => world.steady() * REST_SPEED },
    }
    world.go(process, async () => {
      await openFolders(disk, DATA)
      const run = newRun(job)
      for (;;) {
        await uploadRound(job, run, { waitsForResults: false, waitsForResting: false })
        this.#wasQuiet = this.#hasWritten && this.#hasNothingToDo()
        await process.pause()
      }
    })
  }

  /** Whether nothing is left to do, and nothing is being written: after a power cut receipts note once more how their files look. */
  get isQuiet(): boolean {
    const { running, store } = this.machine
    const isWriting = running.some(({ openFiles }) => openFiles > 0)
    return (
      this.#wasQuiet && !isWriting && ![...store.files(FOLDERS.archive).keys()].some((name) => name.endsWith('.part'))
    )
  }

  #hasNothingToDo(): boolean {
    const { store } = this.machine
    for (const name of store.files(FOLDERS.outbox).keys()) if (!/^\.part\/|^\.spool\/\.whole-/.test(name)) return false
    const archive = store.files(FOLDERS.archive)
    for (const [name, text] of archive) {
      if (!name.endsWith('.receipt.json')) continue
      const { load } = JSON.parse(text.toString())
      if (load === null || (load.rejected > 0 && !archive.has(name.replace('.receipt.json', '.rejects.jsonl'))))
        return false
    }
    return true
  }
}
