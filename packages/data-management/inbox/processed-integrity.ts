/**
 * Checks that the files kept for replay, of all kinds, still hold the bytes that were accepted: a disk may damage a
 * file that nobody reads for months. Each check reads some of them; a server reads at half the possible speed, to leave
 * the rest of the disk and the processor to others.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Digester } from '@splitcart/shared/digest.ts'
import { codeOf, type Disk, undefinedIfMissing } from '@splitcart/shared/disk.ts'
import { LOADED_KIND_NAMES } from '@splitcart/shared/kinds.ts'
import { isUnreadable } from '@splitcart/shared/packed/damage.ts'
import { keptContent, originalNameIn } from '@splitcart/shared/packed/kept-file.ts'
import { type Folders, foldersOfKind } from '../folders.ts'
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
  // The path of the last file that was read: the next check starts after it.
  #lastPath = ''
  // The paths of damaged files, and whether `onDamage` has succeeded for each.
  readonly #damaged = new Map<string, boolean>()
  readonly #isThrottled: boolean

  /** `isThrottled`: pauses for as long as it reads; the pauses do not keep the process alive. */
  constructor(context: IntegrityContext, { bytesPerCheck = BYTES_PER_CHECK, isThrottled = true } = {}) {
    this.#context = context
    this.#bytesPerCheck = bytesPerCheck
    this.#isThrottled = isThrottled
  }

  /** Reads the next files. Returns a text for each damaged file found so far that is still there. */
  async check(signal?: AbortSignal): Promise<string[]> {
    const paths = await this.#paths()
    for (const path of this.#damaged.keys()) if (!paths.includes(path)) this.#damaged.delete(path)
    try {
      await this.#checkNext(paths, signal)
    } finally {
      await this.#report()
    }
    return this.faults
  }

  /** A text for each damaged file found so far. */
  get faults(): string[] {
    return [...this.#damaged.keys()].map((path) => `${path}: not the bytes that were accepted`)
  }

  async #checkNext(paths: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const after = paths.filter((path) => path > this.#lastPath)
    let bytes = 0
    for (const path of [...after, ...paths.filter((each) => each <= this.#lastPath)]) {
      if (bytes >= this.#bytesPerCheck || signal?.aborted) break
      bytes += await this.#checkFile(path)
      this.#lastPath = path
    }
  }

  /** Calls `onDamage` for the damaged files that it has not succeeded for; throws its first error when all are tried. */
  async #report(): Promise<void> {
    const { onDamage } = this.#context
    const errors: unknown[] = []
    for (const [path, isReported] of this.#damaged) {
      if (isReported) continue
      try {
        await onDamage?.(path)
        this.#damaged.set(path, true)
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }

  async #paths(): Promise<string[]> {
    const { disk, folders } = this.#context
    const paths: string[] = []
    for (const kind of LOADED_KIND_NAMES) {
      const { processed } = foldersOfKind(folders, kind)
      const names = (await disk.readdir(processed).catch(undefinedIfMissing)) ?? []
      for (const name of names) if (originalNameIn(name) !== undefined) paths.push(join(processed, name))
    }
    return paths.sort()
  }

  /** Reads a file, records whether it is damaged, and returns the length of its content in bytes. */
  async #checkFile(path: string): Promise<number> {
    const { disk, ledger } = this.#context
    const digester = new Digester()
    let bytes = 0
    let startedAt = performance.now()
    try {
      for await (const chunk of keptContent(disk, path)) {
        digester.add(chunk)
        bytes += chunk.length
        if (this.#isThrottled) await sleep(performance.now() - startedAt, undefined, { ref: false })
        startedAt = performance.now()
      }
      if (await ledger.uploads.has(digester.digest().sha256)) this.#damaged.delete(path)
      else this.#recordDamage(path)
    } catch (error) {
      // ENOENT: it was pruned or moved for a replay meanwhile.
      if (isUnreadable(error)) this.#recordDamage(path)
      else if (codeOf(error) !== 'ENOENT') throw error
    }
    return bytes
  }

  #recordDamage(path: string): void {
    this.#damaged.set(path, this.#damaged.get(path) ?? false)
  }
}
