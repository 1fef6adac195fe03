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
import { type FileStats, isUntouched, type Waiting } from './outbox.ts'

/** How long files rest (in ms), and how to find out which are open for writing. */
export type RestRules = Readonly<{ restMs: number; findWriters: FindWriters; platform: NodeJS.Platform }>

/** A file that may still be written to: why, for how long it was seen unchanged, and when to look again (ms). */
export type Resting = Readonly<{
  file: Waiting
  reason: 'is open for writing' | 'may still be written to'
  quietMs: number
  lookMs: number
}>

/** The files that are ready to be sent, in the order given, and those that rest. */
export type Sorted = Readonly<{ ready: readonly Waiting[]; resting: readonly Resting[] }>

/** Evidence of completeness beyond the file's stats. */
export type Hints = Readonly<{ isMarked: (file: Waiting) => boolean; endsWhole: (file: Waiting) => Promise<boolean> }>

/**
 * The last observation of a file. `since`: since when it is unchanged; `quietMs`: how long this was observed;
 * `pauseMsMax`: the longest pause seen between two of its changes.
 */
type Seen = {
  readonly sight: FileStats
  readonly since: number
  readonly seenAt: number
  readonly hasChanged: boolean
  readonly pauseMsMax: number
  quietMs: number
  endsWhole: boolean | undefined
}

const LARGE_BYTES = 32 * 1024 * 1024
// Upper bounds of a file's rest, as multiples of `restMs`: by its size, by the time it grew, by the pauses in it.
const BY_SIZE_MAX = 15
const BY_SHORT_SPAN_MAX = 6
const BY_LONG_SPAN_MAX = 30
const BY_PAUSES_MAX = 300
const TORN = 15
const SHORT_SPAN = 5
const LONG_SPAN = 0.1
const PAUSES = 3
const LOOKS_PER_REST = 4

/** How long a file has to be unchanged, in ms: longer if it is large, grew slowly, had a long pause, or ends torn. */
export function restFor(
  restMs: number,
  { size, spanMs }: Pick<Waiting, 'size' | 'spanMs'>,
  { pauseMsMax, endsWhole }: Readonly<{ pauseMsMax: number; endsWhole: boolean }>,
): number {
  return Math.max(
    restMs * Math.min(1 + size / LARGE_BYTES, BY_SIZE_MAX),
    Math.min(spanMs * SHORT_SPAN, restMs * BY_SHORT_SPAN_MAX),
    Math.min(spanMs * LONG_SPAN, restMs * BY_LONG_SPAN_MAX),
    Math.min(pauseMsMax * PAUSES, restMs * BY_PAUSES_MAX),
    endsWhole ? 0 : restMs * TORN,
  )
}

/** Sorts the outbox into ready and resting files, and remembers its observations between calls. */
export class OutboxSorter {
  readonly #rules: RestRules
  readonly #clock: Clock
  readonly #seen = new Map<string, Seen>()
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
  async sort(files: readonly Waiting[], hints: Hints): Promise<Sorted> {
    const names = new Set(files.map(({ name }) => name))
    for (const name of this.#seen.keys()) if (!names.has(name)) this.#seen.delete(name)
    const resting = new Map<string, Resting>()
    const rested: Waiting[] = []
    for (const file of files.filter((each) => !hints.isMarked(each))) {
      const lookMs = await this.#lookAgainIn(file, hints)
      if (lookMs > 0)
        resting.set(file.name, { file, reason: 'may still be written to', quietMs: this.#quietMs(file), lookMs })
      else rested.push(file)
    }
    this.#isFirst = false
    const open = rested.length === 0 ? new Set() : await this.#rules.findWriters(rested)
    for (const file of rested.filter(({ name }) => open.has(name)))
      resting.set(file.name, {
        file,
        reason: 'is open for writing',
        quietMs: this.#quietMs(file),
        lookMs: this.#lookAtOpenIn(file),
      })
    return { ready: files.filter(({ name }) => !resting.has(name)), resting: [...resting.values()] }
  }

  /** In how many ms to look again at a file; 0 when it has rested. */
  async #lookAgainIn(file: Waiting, hints: Hints): Promise<number> {
    const seen = this.#look(file)
    seen.endsWhole ??= await hints.endsWhole(file)
    if (seen.endsWhole && !seen.hasChanged && this.#wasRenamed(file)) return 0
    const needsMs = restFor(this.#rules.restMs, file, { pauseMsMax: seen.pauseMsMax, endsWhole: seen.endsWhole })
    const leftMs = seen.since + needsMs - this.#clock.steady()
    return leftMs <= 0 ? 0 : Math.min(leftMs, needsMs / LOOKS_PER_REST)
  }

  // Looking for writers is expensive, so it is done less often the longer a file has been quiet.
  #lookAtOpenIn(file: Waiting): number {
    const { restMs } = this.#rules
    return Math.max(restMs, Math.min(this.#quietMs(file) / LOOKS_PER_REST, restMs * TORN))
  }

  #quietMs({ name }: Waiting): number {
    return this.#seen.get(name)?.quietMs ?? 0
  }

  #look(file: Waiting): Seen {
    const before = this.#seen.get(file.name)
    if (before !== undefined && isUntouched(before.sight, file)) {
      before.quietMs = this.#clock.steady() - before.seenAt
      return before
    }
    if (before?.sight.ino !== file.ino)
      return this.#remember(file, { hasChanged: false, restedMs: this.#restedBefore(file, before), pauseMsMax: 0 })
    return this.#remember(file, {
      hasChanged: true,
      restedMs: 0,
      pauseMsMax: Math.max(before.pauseMsMax, before.quietMs),
    })
  }

  #remember(
    file: Readonly<{ name: string }> & FileStats,
    { restedMs, ...known }: Pick<Seen, 'hasChanged' | 'pauseMsMax'> & Readonly<{ restedMs: number }>,
  ): Seen {
    const seenAt = this.#clock.steady()
    const seen = { ...known, sight: file, seenAt, since: seenAt - restedMs, quietMs: 0, endsWhole: undefined }
    this.#seen.set(file.name, seen)
    return seen
  }

  // Wall-clock times count only for files found at the first look: the clock may jump, a share may have its own.
  #restedBefore(file: FileStats, before: Seen | undefined): number {
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
export async function endsWhole(
  disk: Pick<Disk, 'open'>,
  { path, size }: Pick<Waiting, 'path' | 'size'>,
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
