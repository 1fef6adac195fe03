/**
 * Checks that the product files kept for replay still hold the bytes that were accepted: a disk may damage a file that
 * nobody reads for months. Each check reads some of them; a server reads at half the possible speed, to leave the rest
 * of the disk and the processor to others.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Digester } from '@splitcart/shared/digest.ts'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import { isUnreadable } from '@splitcart/shared/packed/damage.ts'
import { keptContent, nameKept, unlessGone } from '@splitcart/shared/packed/kept-file.ts'
import type { Folders } from '../folders.ts'
import type { Ledger } from '../ledger/ledger.ts'

// What one check reads, in bytes of decompressed content.
const BYTES_PER_CHECK = 4 * 1024 ** 3

/** What the check works with. `onDamage` is called for each newly found damaged file, until it succeeds. */
export type IntegrityContext = Readonly<{
  disk: Disk
  folders: Folders
  ledger: Ledger
  onDamage?: (path: string) => Promise<void>
}>

/** Goes through all files, some with each check, and then starts again with the first. */
export class ProcessedIntegrity {
  readonly #context: IntegrityContext
  readonly #bytesPerCheck: number
  // The name of the last file that was read: the next check starts after it.
  #lastName = ''
  readonly #damaged = new Set<string>()
  // Those of the damaged files for which `onDamage` has succeeded.
  readonly #reported = new Set<string>()
  readonly #isThrottled: boolean

  /** `isThrottled`: pauses for as long as it reads; the pauses do not keep the process alive. */
  constructor(context: IntegrityContext, { bytesPerCheck = BYTES_PER_CHECK, isThrottled = true } = {}) {
    this.#context = context
    this.#bytesPerCheck = bytesPerCheck
    this.#isThrottled = isThrottled
  }

  /** Reads the next files. Returns a text for each damaged file found so far that is still there. */
  async check(signal?: AbortSignal): Promise<string[]> {
    const names = (await this.#names()).sort()
    for (const name of this.#damaged) if (!names.includes(name)) this.#damaged.delete(name)
    try {
      await this.#checkNext(names, signal)
    } finally {
      await this.#report()
    }
    return this.faults
  }

  /** A text for each damaged file found so far. */
  get faults(): string[] {
    const { processed } = this.#context.folders
    return [...this.#damaged].map((name) => `${join(processed, name)}: not the bytes that were accepted`)
  }

  async #checkNext(names: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const after = names.filter((name) => name > this.#lastName)
    let bytes = 0
    for (const name of [...after, ...names.filter((each) => each <= this.#lastName)]) {
      if (bytes >= this.#bytesPerCheck || signal?.aborted) break
      bytes += await this.#checkFile(name)
      this.#lastName = name
    }
  }

  /** Calls `onDamage` for the damaged files that it has not succeeded for; throws its first error when all are tried. */
  async #report(): Promise<void> {
    const { onDamage, folders } = this.#context
    for (const name of this.#reported) if (!this.#damaged.has(name)) this.#reported.delete(name)
    const errors: unknown[] = []
    for (const name of this.#damaged) {
      if (this.#reported.has(name)) continue
      try {
        await onDamage?.(join(folders.processed, name))
        this.#reported.add(name)
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }

  async #names(): Promise<string[]> {
    const names = await this.#context.disk.readdir(this.#context.folders.processed).catch(unlessGone)
    return (names ?? []).filter((name) => nameKept(name) !== undefined)
  }

  /** Reads a file, records whether it is damaged, and returns the length of its content in bytes. */
  async #checkFile(name: string): Promise<number> {
    const { disk, folders, ledger } = this.#context
    const digester = new Digester()
    let bytes = 0
    let startedAt = performance.now()
    try {
      for await (const chunk of keptContent(disk, join(folders.processed, name))) {
        digester.add(chunk)
        bytes += chunk.length
        if (this.#isThrottled) await sleep(performance.now() - startedAt, undefined, { ref: false })
        startedAt = performance.now()
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
