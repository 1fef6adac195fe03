/**
 * Checks that the product files kept for replay still hold the bytes that were accepted: a disk may damage a file that
 * nobody reads for months. Each look reads some of them; a server reads at half the possible speed, to leave the rest
 * of the disk and the processor to others.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Digester } from '@splitcart/shared/digest.ts'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import { isUnreadable } from '@splitcart/shared/packed/damage.ts'
import { keptContent, nameKept } from '@splitcart/shared/packed/kept-file.ts'
import type { Folders } from '../folders.ts'
import type { Ledger } from '../ledger/ledger.ts'

// What one look reads, in bytes of decompressed content.
const BYTES_AT_ONCE = 4 * 1024 ** 3

/** What the check works with. `onDamage` is called for each file that is newly found damaged. */
export type Kept = Readonly<{
  disk: Disk
  folders: Folders
  ledger: Ledger
  onDamage?: (path: string) => Promise<void>
}>

/** Goes through all files, some with each look, and then starts again with the first. */
export class ProcessedRound {
  readonly #kept: Kept
  readonly #bytesAtOnce: number
  // The name of the last file that was read: the next look starts after it.
  #last = ''
  readonly #damaged = new Set<string>()
  readonly #rests: boolean

  /** `rests`: pauses for as long as it reads; the pauses do not keep the process alive. */
  constructor(kept: Kept, { bytesAtOnce = BYTES_AT_ONCE, rests = true } = {}) {
    this.#kept = kept
    this.#bytesAtOnce = bytesAtOnce
    this.#rests = rests
  }

  /** Reads the next files. Returns a text for each damaged file found so far that is still there. */
  async look(signal?: AbortSignal): Promise<string[]> {
    const names = (await this.#names()).sort()
    for (const name of this.#damaged) if (!names.includes(name)) this.#damaged.delete(name)
    const following = names.filter((name) => name > this.#last)
    let bytes = 0
    for (const name of [...following, ...names.filter((each) => each <= this.#last)]) {
      if (bytes >= this.#bytesAtOnce || signal?.aborted) break
      const wasDamaged = this.#damaged.has(name)
      bytes += await this.#lookAt(name)
      if (this.#damaged.has(name) && !wasDamaged) await this.#kept.onDamage?.(join(this.#kept.folders.processed, name))
      this.#last = name
    }
    const { processed } = this.#kept.folders
    return [...this.#damaged].map((name) => `${join(processed, name)}: not the bytes that were accepted`)
  }

  async #names(): Promise<string[]> {
    const names = await this.#kept.disk.readdir(this.#kept.folders.processed).catch(() => [])
    return names.filter((name) => nameKept(name) !== undefined)
  }

  /** Reads a file, records whether it is damaged, and returns the length of its content in bytes. */
  async #lookAt(name: string): Promise<number> {
    const { disk, folders, ledger } = this.#kept
    const digester = new Digester()
    let bytes = 0
    let begun = performance.now()
    try {
      for await (const chunk of keptContent(disk, join(folders.processed, name))) {
        digester.add(chunk)
        bytes += chunk.length
        if (this.#rests) await sleep(performance.now() - begun, undefined, { ref: false })
        begun = performance.now()
      }
      if (await ledger.uploads.has(digester.digest().sha256)) this.#damaged.delete(name)
      else this.#damaged.add(name)
    } catch (error) {
      // ENOENT: it was pruned or moved for a replay meanwhile.
      if (isUnreadable(error)) this.#damaged.add(name)
      else if (codeOf(error) !== 'ENOENT') throw error
    }
    return bytes
  }
}
