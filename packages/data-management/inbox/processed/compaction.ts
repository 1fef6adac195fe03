/**
 * Compacts loaded files one after the other, later, when nothing has arrived for a while: during a load it would double
 * the CPU time.
 *
 * Invariants:
 *  1. No load waits for it, unless the files that are not compacted yet take too much room.
 *  2. Files that were not compacted when the program ended are found when it starts again.
 */
import type { Stats } from 'node:fs'
import { join } from 'node:path'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import type { Log } from '@splitcart/shared/log.ts'
import { compact } from '@splitcart/shared/packed/compact.ts'
import type { KeptForm } from '@splitcart/shared/packed/forms.ts'
import { originalNameIn } from '@splitcart/shared/packed/kept-file.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { keptSince } from '../prune.ts'

// Loads have to wait when the files that are not compacted have more bytes than this.
const UNCOMPACTED_BYTES_MAX = 1024 ** 3

/** What compaction works with. `folders`: the folders of processed files of all kinds; `form`: PROCESSED_FORM. */
export type CompactionContext = Readonly<{
  disk: Disk
  ledger: Ledger
  log: Log
  folders: readonly string[]
  form: KeptForm
}>

/** The queue of files that are not compacted yet. */
export class Compaction {
  readonly #context: CompactionContext
  readonly #waiting = new Map<string, number>()
  #uncompactedBytes = 0
  #wasScanned = false

  constructor(context: CompactionContext) {
    this.#context = context
  }

  /** Adds a loaded file of so many bytes. */
  add(path: string, bytes: number): void {
    if (this.#context.form === 'plain' || this.#waiting.has(path)) return
    this.#waiting.set(path, bytes)
    this.#uncompactedBytes += bytes
  }

  /** Whether the files that are not compacted take so much room that loads have to wait. */
  get isFull(): boolean {
    return this.#uncompactedBytes > UNCOMPACTED_BYTES_MAX
  }

  /** How many files wait to be compacted, of those that are known. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Makes `compactWaiting` scan the folders again: other programs put files there, too. */
  rescan(): void {
    this.#wasScanned = false
  }

  /** Compacts files while `mayContinue`, called before each, returns true; returns whether some are left. */
  async compactWaiting(mayContinue: () => boolean | Promise<boolean>): Promise<boolean> {
    if (this.#context.form === 'plain') return false
    if (!this.#wasScanned) await this.#scan()
    for (const [path, bytes] of this.#waiting) {
      if (!(await mayContinue())) return true
      await this.#compact(path)
      this.#waiting.delete(path)
      this.#uncompactedBytes -= bytes
    }
    return false
  }

  /** Finds files that an earlier run did not compact, and those that earlier versions compressed one by one (gzip). */
  async #scan(): Promise<void> {
    const { disk, folders, form } = this.#context
    const gzipped: string[] = []
    for (const folder of folders)
      for (const name of (await disk.readdir(folder)).sort()) {
        if (originalNameIn(name) === undefined) continue
        const path = join(folder, name)
        if (name.endsWith('.jsonl')) this.add(path, (await disk.lstat(path)).size)
        else if (form === 'packed' && name.endsWith('.gz')) gzipped.push(path)
      }
    for (const path of gzipped) this.add(path, 0)
    this.#wasScanned = true
  }

  async #compact(path: string): Promise<void> {
    const { disk, ledger, log, form } = this.#context
    const isRight = (sha256: string) => ledger.uploads.has(sha256)
    try {
      const timeOf = (stats: Stats) => keptSince(path, stats)
      const outcome = await compact(disk, { path, form: form === 'gzip' ? 'gzip' : 'packed', isRight, timeOf })
      if (outcome === 'damaged') log.error({ path }, 'a kept file is damaged: look at the disk (docs/operations.md)')
    } catch (error) {
      // ENOENT: pruned meanwhile, or removed by a person. After other errors the file stays until the next scan.
      if (codeOf(error) !== 'ENOENT') log.warn({ err: error, path }, 'a kept file could not be compacted')
    }
  }
}
