/**
 * Looks whether the files that are kept for replay still hold the bytes that were accepted: the disk may change a file that nobody reads
 * for months. A part of them with each look; in a server at half the speed that is possible, so that it takes nothing from others.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Digester } from '@splitcart/shared/digest.ts'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import { isUnreadable } from '@splitcart/shared/packed/damage.ts'
import { keptContent, nameKept } from '@splitcart/shared/packed/kept-file.ts'
import type { Folders } from '../folders.ts'
import type { Ledger } from '../ledger/ledger.ts'

/** What is read with each look, decompressed. */
const BYTES_AT_ONCE = 4 * 1024 ** 3

/** What looking works with. `onDamage`: hears of each file that was sound before, as far as this process knows. */
export type Kept = Readonly<{
  disk: Disk
  folders: Folders
  ledger: Ledger
  onDamage?: (path: string) => Promise<void>
}>

/** Goes around the files, look by look. */
export class ProcessedRound {
  readonly #kept: Kept
  readonly #bytesAtOnce: number
  // The last one that was looked at: the next look goes on behind it.
  #last = ''
  readonly #damaged = new Set<string>()
  readonly #rests: boolean

  /** `rests`: as long as it reads, and without keeping the process alive. */
  constructor(kept: Kept, { bytesAtOnce = BYTES_AT_ONCE, rests = true } = {}) {
    this.#kept = kept
    this.#bytesAtOnce = bytesAtOnce
    this.#rests = rests
  }

  /** Looks at the files that are next, and says which of all that are still there were found damaged. */
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

  /** Reads a file to its end and returns how long it is. */
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
      // It may have been pruned or replayed meanwhile.
      if (isUnreadable(error)) this.#damaged.add(name)
      else if (codeOf(error) !== 'ENOENT') throw error
    }
    return bytes
  }
}
