/**
 * Checks that the files kept for replay, of all kinds, still hold the bytes that were accepted: a disk may damage a
 * file that nobody reads for months. Each check reads some of them; a server reads at half the possible speed, to leave
 * the rest of the disk and the processor to others.
 */
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Digester } from '@splitcart/shared/digest.ts'
import { codeOf, type Disk, systemErrorMessage } from '@splitcart/shared/disk.ts'
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

/** Kept files, or folders of them, could not be read. The message names the last of them and why. */
export class UnreadFiles extends Error {
  override readonly name = 'UnreadFiles'

  constructor(path: string, others: number, cause: unknown) {
    const more = others > 0 ? `, and ${others} more` : ''
    super(`${path}: ${systemErrorMessage(cause) ?? cause}${more}`, { cause })
  }
}

/** Goes through all files, some with each check, and then starts again with the first. */
export class ProcessedIntegrity {
  readonly #context: IntegrityContext
  readonly #bytesPerCheck: number
  // The path of the last file that was read: the next check starts after it.
  #lastPath = ''
  // The paths of damaged files, and whether `onDamage` has succeeded for each.
  readonly #damaged = new Map<string, boolean>()
  // The paths of files and folders that could not be read, which says nothing of damage.
  readonly #unread = new Set<string>()
  #lastUnread: UnreadFiles | undefined
  readonly #isThrottled: boolean

  /** `isThrottled`: pauses for as long as it reads; the pauses do not keep the process alive. */
  constructor(context: IntegrityContext, { bytesPerCheck = BYTES_PER_CHECK, isThrottled = true } = {}) {
    this.#context = context
    this.#bytesPerCheck = bytesPerCheck
    this.#isThrottled = isThrottled
  }

  /**
   * Reads the next files; `onlyUnread`: only those that could not be read so far. Returns a text for each damaged file
   * found so far that is still there. Throws `UnreadFiles` when all else is checked if something cannot be read.
   */
  async check(signal?: AbortSignal, { onlyUnread = false } = {}): Promise<string[]> {
    const missed = new Set(this.#unread)
    const paths = await this.#paths()
    this.#forgetGone(new Set(paths))
    const again = paths.filter((path) => missed.has(path) || missed.has(dirname(path)))
    try {
      await (onlyUnread ? this.#checkEach(again, signal) : this.#checkNext(paths, signal))
    } finally {
      await this.#report()
    }
    if (this.#unread.size > 0) throw this.#lastUnread
    return this.faults
  }

  /** A text for each damaged file found so far. */
  get faults(): string[] {
    return [...this.#damaged.keys()].map((path) => `${path}: not the bytes that were accepted`)
  }

  async #checkNext(paths: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const last = this.#lastPath
    const after = paths.filter((path) => path > last)
    const before = paths.filter((path) => path <= last)
    await this.#checkEach([...after, ...before], signal, (path) => {
      this.#lastPath = path
    })
  }

  async #checkEach(
    paths: readonly string[],
    signal: AbortSignal | undefined,
    onChecked = (_path: string) => {},
  ): Promise<void> {
    let bytes = 0
    for (const path of paths) {
      if (bytes >= this.#bytesPerCheck || signal?.aborted) break
      bytes += await this.#checkFile(path)
      onChecked(path)
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
      const names = await this.#attempt(processed, () => disk.readdir(processed))
      for (const name of names ?? []) if (originalNameIn(name) !== undefined) paths.push(join(processed, name))
    }
    return paths.sort()
  }

  /** Forgets the files that are not among `paths`. What lies in a folder that cannot be read is not gone. */
  #forgetGone(paths: ReadonlySet<string>): void {
    const folders = LOADED_KIND_NAMES.map((kind) => foldersOfKind(this.#context.folders, kind).processed)
    const stays = (path: string) => paths.has(path) || folders.includes(path) || this.#unread.has(dirname(path))
    for (const known of [this.#damaged, this.#unread])
      for (const path of known.keys()) if (!stays(path)) known.delete(path)
  }

  /** Reads a file, records whether it is damaged, and returns the length of its content in bytes. */
  async #checkFile(path: string): Promise<number> {
    const { ledger } = this.#context
    const digester = new Digester()
    let bytes = 0
    const isRead = await this.#attempt(path, async () => {
      let startedAt = performance.now()
      for await (const chunk of keptContent(this.#context.disk, path)) {
        digester.add(chunk)
        bytes += chunk.length
        if (this.#isThrottled) await sleep(performance.now() - startedAt, undefined, { ref: false })
        startedAt = performance.now()
      }
      return true
    })
    if (isRead && (await ledger.uploads.has(digester.digest().sha256))) this.#damaged.delete(path)
    else if (isRead) this.#recordDamage(path)
    return bytes
  }

  /** The result of `read`; undefined if the file or folder is gone, damaged or unreadable, which is recorded. */
  async #attempt<T>(path: string, read: () => Promise<T>): Promise<T | undefined> {
    this.#unread.delete(path)
    try {
      return await read()
    } catch (error) {
      if (isUnreadable(error)) this.#recordDamage(path)
      // ENOENT: it was pruned or moved for a replay meanwhile.
      else if (codeOf(error) !== 'ENOENT') {
        this.#unread.add(path)
        this.#lastUnread = new UnreadFiles(path, this.#unread.size - 1, error)
      }
      return undefined
    }
  }

  #recordDamage(path: string): void {
    this.#damaged.set(path, this.#damaged.get(path) ?? false)
  }
}
