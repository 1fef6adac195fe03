/** The runs of one listing in one store against a plain table of what each date showed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type DateWindow, type Run, rebuildRuns, runChangesBetween } from '../catalogue/model/price-runs.ts'

/** The dates of a store's scrapes, and what each showed; null: the listing was not there. */
type Table = ReadonlyMap<string, number | null>

const DATES = ['01-30', '01-31', '02-01', '02-02', '02-05', '02-28', '02-29', '03-01', '12-31'].map(
  (day) => `2024-${day}`,
)

/** The runs of a table, date by date. */
function canonical(table: Table): Run<number>[] {
  const dates = [...table.keys()].sort()
  const runs: { from: string; to: string | null; value: number }[] = []
  let open = false
  for (const date of dates) {
    const value = table.get(date) ?? null
    const last = runs.at(-1)
    if (open && last !== undefined && last.value === value) last.to = date
    else if (value !== null) runs.push({ from: date, to: date, value })
    open = value !== null
  }
  const last = runs.at(-1)
  if (open && last !== undefined) last.to = null
  return runs
}

function windowOf(table: Table, date: string): DateWindow {
  const others = [...table.keys()].filter((each) => each !== date).sort()
  return {
    before: others.findLast((each) => each < date) ?? null,
    date,
    after: others.find((each) => each > date) ?? null,
  }
}

/** Whether a run says something about the window: only such runs can change. */
function touches(run: Run<unknown>, window: DateWindow): boolean {
  const start = window.before ?? window.date
  const end = window.after ?? window.date
  return (run.to === null || run.to >= start) && run.from <= end
}

/** One date of a store as the catalogue changes it. */
class Store {
  readonly table = new Map<string, number | null>()
  runs: Run<number>[] = []

  /** Sets what a date shows. Returns what the change read and wrote. */
  change(date: string, value: number | null) {
    const window = windowOf(this.table, date)
    const then = this.runs.filter((run) => touches(run, window))
    const now = rebuildRuns(then, window, value ?? undefined, Object.is)
    const changes = runChangesBetween(then, now, Object.is)
    const stored = new Map(this.runs.map((run) => [run.from, run]))
    for (const from of changes.remove) assert.ok(stored.delete(from), `a run is removed that is not there: ${from}`)
    for (const run of changes.write) stored.set(run.from, run)
    this.runs = [...stored.values()].sort((one, other) => (one.from < other.from ? -1 : 1))
    this.table.set(date, value)
    return { then, now, changes }
  }
}

/** Invariants 1 to 3 of the module, read off the runs alone. */
function assertInvariants(runs: readonly Run<number>[], table: Table): void {
  const dates = [...table.keys()].sort()
  const shown = (date: string) => runs.filter((run) => run.from <= date && (run.to === null || run.to >= date))
  for (const date of dates) {
    const covering = shown(date)
    assert.ok(covering.length <= 1, `${date} is in two runs`)
    assert.equal(covering[0]?.value ?? null, table.get(date))
  }
  for (const run of runs) {
    assert.ok(table.has(run.from), `${run.from} is no date of a scrape`)
    assert.ok(run.to === null || table.has(run.to), `${run.to} is no date of a scrape`)
    assert.notEqual(run.to, dates.at(-1), 'a run that the latest scrape shows is open')
  }
  for (const [index, run] of runs.slice(1).entries()) {
    const previous = runs[index]!
    const between = dates.filter((date) => date > (previous.to ?? '') && date < run.from)
    assert.ok(between.length > 0 || previous.value !== run.value, 'two runs that could be one')
  }
}

const CHANGES = fc.array(
  fc.record({
    date: fc.constantFrom(...DATES),
    // Few values, so that many neighbours are equal.
    value: fc.constantFrom<(number | null)[]>(1, 1, 1, 2, 3, null),
  }),
  { minLength: 1, maxLength: 40 },
)

test('after any changes of dates in any order the runs are those of the table computed from scratch', () => {
  fc.assert(
    fc.property(CHANGES, (changes) => {
      const store = new Store()
      for (const { date, value } of changes) {
        store.change(date, value)
        assert.deepEqual(store.runs, canonical(store.table))
        assertInvariants(store.runs, store.table)
      }
    }),
    { numRuns: 2000 },
  )
})

test('a change reads and leaves at most three runs, and writes only those that differ', () => {
  fc.assert(
    fc.property(CHANGES, (changes) => {
      const store = new Store()
      for (const { date, value } of changes) {
        const { then, now, changes } = store.change(date, value)
        assert.ok(then.length <= 3 && now.length <= 3)
        for (const run of changes.write) assert.ok(!then.some((old) => isSame(old, run)), 'an equal run is written')
        for (const from of changes.remove) assert.ok(!now.some((run) => run.from === from))
        assert.equal(changes.opened - changes.remove.length, now.length - then.length)
      }
    }),
    { numRuns: 1000 },
  )
})

test('the changes between two lists, applied to the one, give the other', () => {
  const list = fc
    .uniqueArray(fc.record({ from: fc.constantFrom(...DATES), long: fc.nat(3), value: fc.nat(2) }), {
      selector: ({ from }) => from,
    })
    .map((runs) =>
      runs.map(({ from, long, value }) => ({ from, to: DATES[DATES.indexOf(from) + long] ?? null, value })),
    )
  fc.assert(
    fc.property(list, list, (then, now) => {
      const changes = runChangesBetween(then, now, Object.is)
      const stored = new Map(then.map((run) => [run.from, run]))
      for (const from of changes.remove) stored.delete(from)
      for (const run of changes.write) stored.set(run.from, run)
      assert.deepEqual([...stored.values()].sort(byFrom), now.toSorted(byFrom))
    }),
  )
})

function isSame(one: Run<number>, other: Run<number>): boolean {
  return one.from === other.from && one.to === other.to && one.value === other.value
}

function byFrom(one: Run<number>, other: Run<number>): number {
  return one.from < other.from ? -1 : 1
}

/** A store on which each of these dates showed this value; null: not there. */
function storeOf(table: Readonly<Record<string, number | null>>): Store {
  const store = new Store()
  for (const [date, value] of Object.entries(table)) store.change(date, value)
  return store
}

test('the first scrape opens a run', () => {
  const store = storeOf({})
  const { changes } = store.change('2024-02-01', 5)
  assert.deepEqual(store.runs, [{ from: '2024-02-01', to: null, value: 5 }])
  assert.deepEqual({ opened: changes.opened, closed: changes.closed }, { opened: 1, closed: 0 })
})

test('a newer scrape with the same value writes nothing', () => {
  const { changes } = storeOf({ '2024-02-01': 5 }).change('2024-02-02', 5)
  assert.deepEqual(changes, { remove: [], write: [], opened: 0, closed: 0 })
})

test('a newer scrape with another value closes the run and opens one', () => {
  const store = storeOf({ '2024-02-01': 5, '2024-02-02': 5 })
  const { changes } = store.change('2024-02-05', 6)
  assert.deepEqual(store.runs, [
    { from: '2024-02-01', to: '2024-02-02', value: 5 },
    { from: '2024-02-05', to: null, value: 6 },
  ])
  assert.deepEqual({ opened: changes.opened, closed: changes.closed }, { opened: 1, closed: 1 })
})

test('a newer scrape without the listing closes its run at the scrape before', () => {
  const store = storeOf({ '2024-02-01': 5, '2024-02-02': 5 })
  const { changes } = store.change('2024-02-05', null)
  assert.deepEqual(store.runs, [{ from: '2024-02-01', to: '2024-02-02', value: 5 }])
  assert.deepEqual({ opened: changes.opened, closed: changes.closed }, { opened: 0, closed: 1 })
})

test('a late scrape with another value splits a run in two', () => {
  const store = storeOf({ '2024-02-01': 5, '2024-02-05': 5 })
  store.change('2024-02-02', 6)
  assert.deepEqual(store.runs, [
    { from: '2024-02-01', to: '2024-02-01', value: 5 },
    { from: '2024-02-02', to: '2024-02-02', value: 6 },
    { from: '2024-02-05', to: null, value: 5 },
  ])
})

test('a late scrape without the listing splits a run in two', () => {
  const store = storeOf({ '2024-02-01': 5, '2024-02-05': 5 })
  store.change('2024-02-02', null)
  assert.deepEqual(store.runs, [
    { from: '2024-02-01', to: '2024-02-01', value: 5 },
    { from: '2024-02-05', to: null, value: 5 },
  ])
})

test('a late scrape with the value of its neighbours is in their run already', () => {
  const store = storeOf({ '2024-02-01': 5, '2024-02-05': 5 })
  assert.equal(store.runs.length, 1)
  const { changes } = store.change('2024-02-02', 5)
  assert.deepEqual(changes.write, [])
})

test('a second file that mends the date between two equal ones joins their runs', () => {
  const store = storeOf({ '2024-02-01': 5, '2024-02-02': 6, '2024-02-05': 5 })
  const { changes } = store.change('2024-02-02', 5)
  assert.deepEqual(store.runs, [{ from: '2024-02-01', to: null, value: 5 }])
  assert.deepEqual(changes.remove, ['2024-02-02', '2024-02-05'])
})

test('a late scrape before the first one moves the start of the run', () => {
  const store = storeOf({ '2024-02-02': 5 })
  store.change('2024-02-01', 5)
  assert.deepEqual(store.runs, [{ from: '2024-02-01', to: null, value: 5 }])
})
