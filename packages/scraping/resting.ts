/**
 * Decides which files of the outbox are complete. A file handed over whole (by JsonlWriter, or a rename from `.part`)
 * is sent at once; one written, copied or moved straight into the outbox is sent once it has rested, i.e. is unchanged.
 *
 *   marked as whole ────────────────────────────────────────────▶ ready
 *   renamed or linked since it was written, ends with a row ─┐
 *   unchanged for as long as it needs ───────────────────────┴──▶ no process has it open for writing ──▶ ready
 *   anything else: rests
 *
 * A file that is still sent too early is detected later: archive-check.ts compares the archive with its receipts.
 */
import { type Disk, openToRead } from '@splitcart/shared/disk.ts'
import type { Clock } from './clock.ts'
import type { FindWriters } from './open-writers.ts'
import { type FileStats, isUntouched, type OutboxFile } from './outbox.ts'

/** How long files rest (in ms), and how to find out which are open for writing. */
export type RestRules = Readonly<{ restMs: number; findWriters: FindWriters; platform: NodeJS.Platform }>

/** A file that may still be written to: why, for how long it was seen unchanged, and in how many ms to check again. */
export type RestingFile = Readonly<{
  file: OutboxFile
  reason: 'is open for writing' | 'may still be written to'
  quietMs: number
  recheckMs: number
}>

/** The files that are ready to be sent, in the order given, and those that rest. */
export type SortedOutbox = Readonly<{ ready: readonly OutboxFile[]; resting: readonly RestingFile[] }>

/** Evidence of completeness beyond the file's stats. */
export type CompletenessHints = Readonly<{
  isMarked: (file: OutboxFile) => boolean
  endsWithWholeRow: (file: OutboxFile) => Promise<boolean>
}>

/**
 * The last observation of a file. `since`: since when it is unchanged; `quietMs`: how long this was observed;
 * `pauseMsMax`: the longest pause seen between two of its changes.
 */
type FileObservation = {
  readonly stats: FileStats
  readonly since: number
  readonly seenAt: number
  readonly hasChanged: boolean
  readonly pauseMsMax: number
  quietMs: number
  endsWithWholeRow: boolean | undefined
}

const LARGE_BYTES = 32 * 1024 * 1024
// Upper bounds of a file's rest, as multiples of `restMs`: by its size, by the time it grew, by the pauses in it.
const BY_SIZE_MAX = 15
const BY_SHORT_SPAN_MAX = 6
const BY_LONG_SPAN_MAX = 30
const BY_PAUSES_MAX = 300
const TORN_END_FACTOR = 15
const SHORT_SPAN_FACTOR = 5
const LONG_SPAN_FACTOR = 0.1
const PAUSES_FACTOR = 3
const CHECKS_PER_REST = 4

/** How long a file has to be unchanged, in ms: longer if it is large, grew slowly, had a long pause, or ends torn. */
export function restMsFor(
  restMs: number,
  { size, writtenOverMs }: Pick<OutboxFile, 'size' | 'writtenOverMs'>,
  { pauseMsMax, endsWithWholeRow }: Readonly<{ pauseMsMax: number; endsWithWholeRow: boolean }>,
): number {
  return Math.max(
    restMs * Math.min(1 + size / LARGE_BYTES, BY_SIZE_MAX),
    Math.min(writtenOverMs * SHORT_SPAN_FACTOR, restMs * BY_SHORT_SPAN_MAX),
    Math.min(writtenOverMs * LONG_SPAN_FACTOR, restMs * BY_LONG_SPAN_MAX),
    Math.min(pauseMsMax * PAUSES_FACTOR, restMs * BY_PAUSES_MAX),
    endsWithWholeRow ? 0 : restMs * TORN_END_FACTOR,
  )
}

/** Sorts the outbox into ready and resting files, and remembers its observations between calls. */
export class OutboxSorter {
  readonly #rules: RestRules
  readonly #clock: Clock
  readonly #seen = new Map<string, FileObservation>()
  #isFirst = true

  constructor(rules: RestRules, clock: Clock) {
    this.#rules = rules
    this.#clock = clock
  }

  /** Records that a file was seen to change: from then on only rest makes it ready. */
  recordChange(file: Readonly<{ name: string }> & FileStats): void {
    this.#remember(file, { hasChanged: true, restedMs: 0, pauseMsMax: 0 })
  }

  /** Splits the files into ready and resting ones. */
  async sort(files: readonly OutboxFile[], hints: CompletenessHints): Promise<SortedOutbox> {
    const names = new Set(files.map(({ name }) => name))
    for (const name of this.#seen.keys()) if (!names.has(name)) this.#seen.delete(name)
    const resting = new Map<string, RestingFile>()
    const rested: OutboxFile[] = []
    for (const file of files.filter((each) => !hints.isMarked(each))) {
      const recheckMs = await this.#recheckMs(file, hints)
      if (recheckMs > 0)
        resting.set(file.name, { file, reason: 'may still be written to', quietMs: this.#quietMs(file), recheckMs })
      else rested.push(file)
    }
    this.#isFirst = false
    const open = rested.length === 0 ? new Set() : await this.#rules.findWriters(rested)
    for (const file of rested.filter(({ name }) => open.has(name)))
      resting.set(file.name, {
        file,
        reason: 'is open for writing',
        quietMs: this.#quietMs(file),
        recheckMs: this.#recheckOpenMs(file),
      })
    return { ready: files.filter(({ name }) => !resting.has(name)), resting: [...resting.values()] }
  }

  /** In how many ms to look again at a file; 0 when it has rested. */
  async #recheckMs(file: OutboxFile, hints: CompletenessHints): Promise<number> {
    const seen = this.#observe(file)
    seen.endsWithWholeRow ??= await hints.endsWithWholeRow(file)
    if (seen.endsWithWholeRow && !seen.hasChanged && this.#wasRenamed(file)) return 0
    const needsMs = restMsFor(this.#rules.restMs, file, {
      pauseMsMax: seen.pauseMsMax,
      endsWithWholeRow: seen.endsWithWholeRow,
    })
    const leftMs = seen.since + needsMs - this.#clock.steady()
    return leftMs <= 0 ? 0 : Math.min(leftMs, needsMs / CHECKS_PER_REST)
  }

  // Looking for writers is expensive, so it is done less often the longer a file has been quiet.
  #recheckOpenMs(file: OutboxFile): number {
    const { restMs } = this.#rules
    return Math.max(restMs, Math.min(this.#quietMs(file) / CHECKS_PER_REST, restMs * TORN_END_FACTOR))
  }

  #quietMs({ name }: OutboxFile): number {
    return this.#seen.get(name)?.quietMs ?? 0
  }

  #observe(file: OutboxFile): FileObservation {
    const before = this.#seen.get(file.name)
    if (before !== undefined && isUntouched(before.stats, file)) {
      before.quietMs = this.#clock.steady() - before.seenAt
      return before
    }
    if (before?.stats.ino !== file.ino)
      return this.#remember(file, { hasChanged: false, restedMs: this.#restedBefore(file, before), pauseMsMax: 0 })
    return this.#remember(file, {
      hasChanged: true,
      restedMs: 0,
      pauseMsMax: Math.max(before.pauseMsMax, before.quietMs),
    })
  }

  #remember(
    file: Readonly<{ name: string }> & FileStats,
    { restedMs, ...known }: Pick<FileObservation, 'hasChanged' | 'pauseMsMax'> & Readonly<{ restedMs: number }>,
  ): FileObservation {
    const seenAt = this.#clock.steady()
    const seen = { ...known, stats: file, seenAt, since: seenAt - restedMs, quietMs: 0, endsWithWholeRow: undefined }
    this.#seen.set(file.name, seen)
    return seen
  }

  // Wall-clock times count only for files found at the first look: the clock may jump, a share may have its own.
  #restedBefore(file: FileStats, before: FileObservation | undefined): number {
    return this.#isFirst && before === undefined ? Math.max(0, this.#clock.now() - file.ctimeMs) : 0
  }

  // A write sets mtime and ctime alike; a rename, or setting the mtime after a copy, moves only the ctime.
  #wasRenamed({ size, mtimeMs, ctimeMs }: FileStats): boolean {
    return this.#rules.platform !== 'win32' && size > 0 && ctimeMs > mtimeMs
  }
}

// If no line ends within this many last bytes, it is too expensive to tell whether the last row is whole.
const TAIL_BYTES = 64 * 1024

/** Whether a file ends with a whole row: with a line end, or with JSON that is complete. */
export async function endsWithWholeRow(
  disk: Pick<Disk, 'open'>,
  { path, size }: Pick<OutboxFile, 'path' | 'size'>,
): Promise<boolean> {
  const tail = await tailOf(disk, path, size).catch(() => Buffer.alloc(0))
  if (tail.at(-1) === LINE_END) return true
  const start = tail.lastIndexOf(LINE_END) + 1
  if (start === 0 && size > tail.length) return false
  try {
    return typeof JSON.parse(tail.toString('utf8', start)) === 'object'
  } catch {
    return false
  }
}

const LINE_END = 0x0a

async function tailOf(disk: Pick<Disk, 'open'>, path: string, size: number): Promise<Buffer> {
  const file = await openToRead(disk, path)
  try {
    const { bytesRead, buffer } = await file.read(
      Buffer.alloc(Math.min(size, TAIL_BYTES)),
      0,
      Math.min(size, TAIL_BYTES),
      Math.max(0, size - TAIL_BYTES),
    )
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
