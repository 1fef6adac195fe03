/**
 * The history of one listing in one store, as runs, and what a scrape changes in it. Pure: it knows no database.
 *
 * The scrapes of a store lie on dates. On each of those dates a listing was shown with some value, or not shown. A run says:
 * on every date of a scrape from `from` to `to`, this value was shown. `to` is null while the store's latest scrape shows it.
 *
 * Invariants, for the runs of one listing in one store:
 *  1. They say for each date of a scrape exactly what was shown.
 *  2. `from` and `to` are dates of scrapes, and no date is in two runs.
 *  3. They are as few as can be: two runs with equal values have a date of a scrape between them that shows another value or nothing.
 *  So the same scrapes give the same runs, in whatever order they came.
 *
 * A change touches only one date and its neighbours:
 *
 *     ──────── before ──── date ──── after ────────
 *      left run ▐            ▐            ▐ right run
 */
export type Run<V> = Readonly<{ from: string; to: string | null; value: V }>

/** The date that changes and the dates of scrapes next to it (null: there is none on that side). */
export type DateWindow = Readonly<{ before: string | null; date: string; after: string | null }>

/**
 * What the runs that touch the window become when the listing is shown with `value` on the window's date (undefined: it is not
 * shown). Shape: at most three in, at most three out, both in order of date.
 */
export function rebuildRuns<V>(
  runs: readonly Run<V>[],
  window: DateWindow,
  value: V | undefined,
  same: (one: V, other: V) => boolean,
): Run<V>[] {
  const { before, date, after } = window
  const left = runs.find((run) => covers(run, before))
  const right = runs.find((run) => covers(run, after))
  const pieces: Run<V>[] = []
  if (left !== undefined && before !== null) pieces.push({ ...left, to: before })
  if (value !== undefined) pieces.push({ from: date, to: date, value })
  if (right !== undefined && after !== null) pieces.push({ ...right, from: after })
  const dates = [before, date, after].filter((each) => each !== null)
  const joined = joinNeighbours(pieces, dates, same)
  const latest = after === null ? dates.at(-1) : undefined
  return joined.map((run) => (run.to === latest ? { ...run, to: null } : run))
}

/** What to write to replace runs by others. A run is identified by its `from`. */
export type RunChanges<V> = Readonly<{ remove: string[]; write: Run<V>[]; opened: number; closed: number }>

/** Compares two lists of runs; what is equal is left alone. */
export function runChangesBetween<V>(
  before: readonly Run<V>[],
  after: readonly Run<V>[],
  same: (one: V, other: V) => boolean,
): RunChanges<V> {
  const old = new Map(before.map((run) => [run.from, run]))
  const kept = new Set(after.map((run) => run.from))
  const write = after.filter((run) => {
    const was = old.get(run.from)
    return was === undefined || was.to !== run.to || !same(was.value, run.value)
  })
  return {
    remove: before.filter((run) => !kept.has(run.from)).map((run) => run.from),
    write,
    opened: after.filter((run) => !old.has(run.from)).length,
    closed: after.filter((run) => run.to !== null && old.get(run.from)?.to === null).length,
  }
}

/** Whether a run contains a date. */
export function covers(run: Run<unknown>, date: string | null): boolean {
  return date !== null && run.from <= date && (run.to === null || run.to >= date)
}

/** Joins pieces of equal value with no date of a scrape between them. */
function joinNeighbours<V>(
  pieces: readonly Run<V>[],
  dates: readonly string[],
  same: (one: V, other: V) => boolean,
): Run<V>[] {
  const joined: Run<V>[] = []
  for (const piece of pieces) {
    const last = joined.at(-1)
    const adjoins = last !== undefined && dates.indexOf(piece.from) === dates.indexOf(last.to ?? '') + 1
    if (last !== undefined && adjoins && same(last.value, piece.value))
      joined[joined.length - 1] = { ...last, to: piece.to }
    else joined.push(piece)
  }
  return joined
}
