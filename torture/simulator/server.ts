/** The receiving machine: a server and a loader, each a process of its own, over one disk, one ledger and one catalogue. */
import { makeFolders } from '@splitcart/data-management/folders.ts'
import { accept, type IncomingFile } from '@splitcart/data-management/inbox/accept.ts'
import { removeCopies, removeParts } from '@splitcart/data-management/inbox/clean.ts'
import { Compaction } from '@splitcart/data-management/inbox/processed/compaction.ts'
import { recoverArriving } from '@splitcart/data-management/inbox/recover-arriving.ts'
import { runActions } from '@splitcart/data-management/update-db/actions.ts'
import type { LoaderContext } from '@splitcart/data-management/update-db/process.ts'
import { reconcile } from '@splitcart/data-management/update-db/repair.ts'
import { runLoaderPass } from '@splitcart/data-management/update-db/update-db.ts'
import type { Log } from '@splitcart/shared/log.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { HOLD } from './contents.ts'
import { type CatalogueTables, catalogueOf, commitAtOnce, type LedgerTables, ledgerOf, Table } from './databases.ts'
import type { Mistake } from './mistake.ts'
import { SERVER as FOLDERS } from './places.ts'
import { diskOf } from './process-disk.ts'
import { type Machine, newMachine, Process, type World } from './world.ts'

const LIMITS = {
  bodyBytesMax: 2 ** 20,
  contentBytesMax: 2 ** 20,
  contentRatioMax: 1000,
  linesMax: 2 ** 20,
  // No story may hang on how busy this machine is.
  idleMsMax: DAY_MS,
}
const NEVER = new AbortController().signal

export type Accept = (sent: IncomingFile) => ReturnType<typeof accept>

/** The receiving machine. */
export class Server {
  readonly machine: Machine
  readonly ledger: LedgerTables = {
    uploads: new Table(),
    arriving: new Table(),
    senders: new Table(),
    forgotten: [],
  }
  readonly catalogue: CatalogueTables = { loads: new Table(false), applied: new Table(false) }
  readonly #world: World
  readonly #mistake: Mistake
  readonly #now: () => number
  #hasLooked = false
  /** Undefined while no server listens. */
  listening: Readonly<{ process: Process; accept: Accept }> | undefined

  constructor(world: World, mistake: Mistake) {
    this.#world = world
    this.#now = world.clockOf('server')
    this.#mistake = mistake
    this.machine = newMachine('server', this.#now)
    this.machine.store.prepare(Object.values(FOLDERS))
    this.machine.onCut = (chance) => {
      this.machine.store.cut(chance)
      for (const table of this.#tables()) table.cut()
    }
    mistake.databases?.(this)
    for (const table of this.#tables()) table.sync()
    this.#startServer()
    this.#startLoader()
  }

  /** Whether the loader that runs now has looked, and nothing waits to be loaded. */
  isQuiet(): boolean {
    const { store, running } = this.machine
    return this.#hasLooked && running.every(({ openFiles }) => openFiles === 0) && store.files(FOLDERS.inbox).size === 0
  }

  #tables(): Table<unknown>[] {
    const { uploads, arriving, senders } = this.ledger
    return [uploads, arriving, senders, this.catalogue.loads, this.catalogue.applied] as Table<unknown>[]
  }

  #startServer(): void {
    this.listening = undefined
    const process = new Process(this.#world, this.machine, () => this.#startServer())
    const disk = diskOf(process)
    const honest = ledgerOf(process, this.ledger)
    const ledger = this.#mistake.receiver?.(honest) ?? honest
    const inbox = {
      folders: FOLDERS,
      ledger,
      limits: LIMITS,
      diskBytesKept: 0,
      now: this.#now,
      steady: this.#world.steady,
    }
    this.#world.go(process, async () => {
      const starting = this.#mistake.start?.(disk) ?? disk
      await makeFolders(starting, FOLDERS)
      await recoverArriving({ disk: starting, folders: FOLDERS, ledger })
      if (!this.#mistake.keepsParts) await removeParts(disk, FOLDERS)
      const acceptOne: Accept = (sent) =>
        accept({ ...inbox, checkBacklog: async () => {}, disk: this.#mistake.server?.(disk, sent) ?? disk }, sent)
      this.listening = { process, accept: acceptOne }
    })
  }

  #startLoader(): void {
    this.#hasLooked = false
    const process = new Process(this.#world, this.machine, () => this.#startLoader())
    const disk = diskOf(process)
    const commit = this.#mistake.commit?.(process) ?? commitAtOnce
    const catalogue = catalogueOf(process, this.catalogue, commit)
    const loading = { disk: this.#mistake.loader?.(disk) ?? disk, ledger: ledgerOf(process, this.ledger) }
    const log = this.#log(process)
    const compaction = new Compaction({ ...loading, log, folders: [FOLDERS.processed], form: 'packed' })
    const work: LoaderContext = {
      ...loading,
      folders: FOLDERS,
      onKept: (path, bytes) => compaction.add(path, bytes),
      catalogue: this.#mistake.catalogue?.(catalogue) ?? catalogue,
      lineBytesMax: 2 ** 20,
      hold: HOLD,
      log,
      now: this.#now,
      steady: this.#world.steady,
      onFile: () => {},
    }
    this.#world.go(process, async () => {
      await makeFolders(disk, FOLDERS)
      await removeCopies(disk, FOLDERS, ['products'])
      await reconcile(work)
      for (;;) {
        await runActions(work, NEVER)
        await runLoaderPass(work, NEVER)
        this.#hasLooked = false
        await compaction.compactWaiting(() => true)
        // One that was killed just now goes on to its next call; the one after it has not looked yet.
        if (!process.isDead) this.#hasLooked = true
        await process.pause()
      }
    })
  }

  // The loader goes on after an error with one file; here, where no disk is broken, there must be none.
  #log(process: Process): Log {
    const error = (fields: object, message: string) => {
      const cause = 'err' in fields ? fields.err : JSON.stringify(fields)
      if (!process.isDead) this.#world.fault ??= `the loader says: ${message}: ${cause}`
    }
    const nothing = () => {}
    return { error, warn: nothing, info: nothing, debug: nothing } as unknown as Log
  }
}
