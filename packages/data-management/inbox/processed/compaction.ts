/**
 * Keeps loaded files in fewer bytes: later, when nothing has come for a while, one after the other.
 *
 * Invariants:
 *  1. No load waits for it, unless whole files take more room than they may.
 *  2. What was not done when the program ended is found when it starts again.
 */
import type { Stats } from 'node:fs'
import { join } from 'node:path'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import type { Log } from '@splitcart/shared/log.ts'
import { compact } from '@splitcart/shared/packed/compact.ts'
import type { KeptForm } from '@splitcart/shared/packed/forms.ts'
import { nameKept } from '@splitcart/shared/packed/kept-file.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { keptSince } from '../prune.ts'

// So much lies there whole before loads have to wait.
const WHOLE_BYTES_MAX = 1024 ** 3

/** What compaction works with. `folders`: those of processed files, of all kinds. */
export type Compacting = Readonly<{
  disk: Disk
  ledger: Ledger
  log: Log
  folders: readonly string[]
  form: KeptForm
}>

/** The files that are yet to be kept in fewer bytes. */
export class Compaction {
  readonly #work: Compacting
  readonly #waiting = new Map<string, number>()
  #wholeBytes = 0
  #wasScanned = false

  constructor(work: Compacting) {
    this.#work = work
  }

  /** A file of so many bytes has been loaded. */
  add(path: string, bytes: number): void {
    if (this.#work.form === 'plain' || this.#waiting.has(path)) return
    this.#waiting.set(path, bytes)
    this.#wholeBytes += bytes
  }

  /** Whether so much lies there whole that loads have to wait. */
  get isFull(): boolean {
    return this.#wholeBytes > WHOLE_BYTES_MAX
  }

  /** Looks again what lies there: others put files there, too. */
  lookAgain(): void {
    this.#wasScanned = false
  }

  /** Works as long as it may, and says whether there is more to do. */
  async work(mayGoOn: () => boolean | Promise<boolean>): Promise<boolean> {
    if (this.#work.form === 'plain') return false
    if (!this.#wasScanned) await this.#scan()
    for (const [path, bytes] of this.#waiting) {
      if (!(await mayGoOn())) return true
      await this.#compact(path)
      this.#waiting.delete(path)
      this.#wholeBytes -= bytes
    }
    return false
  }

  /** Finds what an earlier program has left, and what earlier versions have kept each by itself. */
  async #scan(): Promise<void> {
    const { disk, folders, form } = this.#work
    const zipped: string[] = []
    for (const folder of folders)
      for (const name of (await disk.readdir(folder)).sort()) {
        if (nameKept(name) === undefined) continue
        const path = join(folder, name)
        if (name.endsWith('.jsonl')) this.add(path, (await disk.lstat(path)).size)
        else if (form === 'packed' && name.endsWith('.gz')) zipped.push(path)
      }
    for (const path of zipped) this.add(path, 0)
    this.#wasScanned = true
  }

  async #compact(path: string): Promise<void> {
    const { disk, ledger, log, form } = this.#work
    const isRight = (sha256: string) => ledger.uploads.has(sha256)
    try {
      const timeOf = (seen: Stats) => keptSince(path, seen)
      const became = await compact(disk, { path, form: form === 'gzip' ? 'gzip' : 'packed', isRight, timeOf })
      if (became === 'damaged') log.error({ path }, 'a kept file is damaged: look at the disk (docs/operations.md)')
    } catch (error) {
      // Pruned meanwhile, or taken away by a person. All else stays as it is, and is tried again with the next scan.
      if (codeOf(error) !== 'ENOENT') log.warn({ err: error, path }, 'a kept file could not be compacted')
    }
  }
}
