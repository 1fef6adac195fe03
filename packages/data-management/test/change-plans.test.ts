/** Pages of changes, and keeping them by category, look up the lines and the runs that they need: among 30,000, none are read from end to end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHANGE_KINDS } from '../catalogue/model/changes.ts'
import { type ChangeLine, type ChangesQuery, findChanges } from '../catalogue/queries/changes.ts'
import { shelveChanges } from '../catalogue/queries/shelve-changes.ts'
import { datesOfStore } from '../catalogue/queries/transitions.ts'
import type { Sql, Value } from '../database/sql.ts'
import { databasesOfFile } from './catalogues.ts'

const LARGE = ['price_change', 'category_change', 'listing_category', 'shelf_pending']
// SQLite knows nothing of how many there are.
const OF_WHOLE_STORE = /^SEARCH \w+ USING PRIMARY KEY \(store_id=\?\)$/
const LINES = 30_000
const LISTINGS = 6_000
const DAYS = ['2026-03-01', '2026-03-02']

/** A company whose listings stand half in one category and half in another one, and all of them in a third above. */
function filling(dialect: Sql['dialect']): string {
  const numbers = (name: string, count: number) =>
    dialect === 'sqlite'
      ? `(with recursive of(n) as (select 1 union all select n + 1 from of where n < ${count}) select n from of) as ${name}`
      : `generate_series(1, ${count}) as ${name} (n)`
  const [listing, line] = [numbers('listing', LISTINGS), numbers('line', LINES)]
  return `
    insert into company (id, code) values (1, 'one'), (2, 'other');
    insert into category (id, parent_id, name) values (1, null, 'All'), (2, 1, 'Odd'), (3, 1, 'Even');
    insert into listing (id, company_id, by_name, code, product_id) select n, 1 + n % 2, 0, 'l' || n, n from ${listing};
    insert into listing_category select n, 1 from ${listing};
    insert into listing_category select n, 3 - n % 2 from ${listing};
    insert into price_change (date, kind, by_share, by_cents, listing_id, from_cents, to_cents, company_id, stores)
      select '2026-03-0' || (1 + n % 2), case when n % 3 = 0 then 'dearer' else 'cheaper' end, -n, -1 - n % 77, 1 + n % ${LISTINGS},
        100 + n, 100, 1 + (1 + n % ${LISTINGS}) % 2, 1 from ${line};
    insert into store (id, company_id, code, name) values (1, 1, 's', 'store');
    insert into load (id, sha256, filename, state, received_at, ranked_at, started_at, finished_at, rows, inserted, changed, unchanged, duplicate,
        rejected, warnings, runs_opened, runs_closed) values (1, 'x', 'x', 'loaded', 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    insert into scrape (id, store_id, date, load_id, ranked_at, listings, store_name)
      select n, 1, '2026-03-0' || n, 1, 1, 1, 'store' from ${numbers('scrape', 9)};
    insert into price_run (store_id, listing_id, from_date, to_date, price_cents)
      select 1, n, '2026-03-0' || (1 + n % 9), '2026-03-0' || (1 + n % 9), n from ${listing};
    insert into price_change_day select date, company_id, kind, count(*), sum(stores) from price_change group by 1, 2, 3`
}

/** The database, with all that it is asked noted. */
function askedOf(database: Sql, asked: [string, Value[]][]): Sql {
  const noted =
    <Answer>(answer: (sql: string, ...values: Value[]) => Answer) =>
    (sql: string, ...values: Value[]) => {
      asked.push([sql, values])
      return answer(sql, ...values)
    }
  const { dialect } = database
  const [run, each] = [noted(database.run.bind(database)), noted(database.each.bind(database))]
  const [get, all] = [noted(database.get.bind(database)), noted(database.all.bind(database))]
  return { dialect, run, each: each as Sql['each'], get: get as Sql['get'], all: all as Sql['all'] }
}

type Node = Readonly<{
  'Node Type': string
  'Relation Name'?: string
  'Index Cond'?: string
  'Recheck Cond'?: string
  Plans?: Node[]
}>

/** Where a statement reads all of a large table, or all runs of a store. */
async function faultsOf(database: Sql, [sql, values]: [string, Value[]]): Promise<string[]> {
  if (database.dialect === 'sqlite') {
    const steps = await database.all<{ detail: string }>(`explain query plan ${sql}`, ...values)
    return steps
      .map(({ detail }) => detail)
      .filter((detail) => LARGE.includes(/^SCAN (\w+)/.exec(detail)?.[1] ?? '') || OF_WHOLE_STORE.test(detail))
  }
  const [plan] = await database.all<{ 'QUERY PLAN': { Plan: Node }[] }>(`explain (format json) ${sql}`, ...values)
  return [...nodesOf(plan!['QUERY PLAN'][0]!.Plan)]
    .filter((node) => LARGE.includes(node['Relation Name'] ?? '') && /Scan$/.test(node['Node Type']))
    .filter((node) => node['Index Cond'] === undefined && node['Recheck Cond'] === undefined)
    .map((node) => `${node['Node Type']} ${node['Relation Name']}`)
}

function* nodesOf(node: Node): Generator<Node> {
  yield node
  for (const each of node.Plans ?? []) yield* nodesOf(each)
}

/** Two pages of each kind of query. */
async function askAll(database: Sql): Promise<ChangeLine[]> {
  const lines: ChangeLine[] = []
  for (const category of ['All', 'Odd', undefined])
    for (const companyId of [2, undefined])
      for (const order of ['share', 'cents'] as const)
        for (const kinds of [CHANGE_KINDS, ['dearer'] as const]) {
          const [from, to] = [DAYS[0]!, DAYS[1]!]
          const query: ChangesQuery = { from, to, kinds, companyId, category, order, after: undefined, limit: 50 }
          const first = await findChanges(database, query)
          const second = await findChanges(database, { ...query, after: first.next! })
          lines.push(...first.lines, ...second.lines)
        }
  return lines
}

for (const { name, skip, open } of databasesOfFile())
  test(`${name}: pages of changes are looked up, and so are the lines that are put on a shelf`, { skip }, async () => {
    await using catalogue = await open()
    const { database } = catalogue
    for (const sql of filling(database.dialect).split(';')) await database.run(sql)
    const asked: [string, Value[]][] = []
    const noting = askedOf(database, asked)
    // All of them once, so that there is something to find; then what another shelf makes of some hundred.
    await shelveChanges(database)
    if (database.dialect === 'postgres')
      for (const table of [...LARGE, 'price_run', 'scrape']) await database.run(`analyze ${table}`)
    await database.run('insert into shelf_pending select id, 1 from listing where id <= 700')
    await database.run(
      'update listing_category set category_id = 5 - category_id where listing_id <= 700 and category_id > 1',
    )
    assert.equal(await shelveChanges(noting), true)
    assert.ok(asked.some(([sql]) => sql.startsWith('update price_change')))
    const lines = await askAll(noting)
    assert.equal(lines.length, 3 * 2 * 2 * 2 * 100)
    const at = datesOfStore(1, '2026-03-02', '2026-03-09')
    const asking = { from: DAYS[0]!, to: DAYS[1]!, kinds: CHANGE_KINDS, order: 'share' as const, after: undefined }
    for (const category of ['Odd', undefined])
      assert.equal((await findChanges(noting, { ...asking, storeDates: at, category, limit: 50 })).lines.length, 50)
    const faults = new Set<string>()
    for (const each of asked)
      for (const fault of await faultsOf(database, each)) faults.add(`${fault}: ${each[0].slice(0, 400)}`)
    assert.deepEqual([...faults], [])
  })
