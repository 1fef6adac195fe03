/**
 * A load looks up what belongs to its rows, whatever else is there. One text has two planners, so each database is asked how it does every
 * statement of a load, in a catalogue of 200,000 runs: none may read a large table from end to end, nor one table once for each row of
 * another.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_POSTGRES, sharedPostgres } from '../../../test/postgres.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { openPostgresCatalogue } from '../catalogue/dialects/postgres/catalogue.ts'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { countChanges } from '../catalogue/queries/count-changes.ts'
import { PostgresTransaction } from '../database/postgres-queries.ts'
import { SqliteDatabase, type Value } from '../database/sqlite.ts'
import { loadWhole } from './history-case.ts'
import type { HistoryFile } from './naive-rows.ts'
import { sha256Of } from './receiver.ts'

const LARGE = ['listing', 'label', 'label_run', 'label_use', 'price_run', 'listing_key', 'contested', 'scrape']
const STORES = 100
const LISTINGS = 20_000
// Each store shows so many of them.
const SHOWN = 2_000
// Of other companies, which no load of this one may look at.
const OTHER_STORES = 5_000

/** What many stores of one company have shown for a while, as SQL that both databases understand. */
function filling(numbers: (name: string, count: number) => string): string {
  const [store, listing] = [numbers('store', STORES), numbers('listing', LISTINGS)]
  const other = numbers('store', STORES + OTHER_STORES)
  const each = `${store} cross join ${numbers('listing', SHOWN)}`
  return `
    insert into company (id, code) values (1, 'big');
    insert into store (id, company_id, code, name) select store.n, 1, 's' || store.n, 'store' from ${store};
    insert into listing (id, company_id, by_name, code, product_id, label_id, label_date, label_store_id)
      select listing.n, 1, 0, 'l' || listing.n, listing.n, listing.n, '2024-01-01', 1 from ${listing};
    insert into label (id, listing_id, hash, name, key) select listing.n, listing.n, 1, 'name', 'k' || listing.n from ${listing};
    insert into listing_key (kind, value, silent, company_id, listing_id) select 2, 'k' || listing.n, 0, 1, listing.n from ${listing};
    insert into label_use (label_id, uses) select listing.n, ${STORES} from ${listing};
    insert into load (id, sha256, filename, state, received_at, ranked_at, started_at, finished_at, rows, inserted, changed, unchanged, duplicate,
        rejected, warnings, runs_opened, runs_closed)
      select store.n, 'x' || store.n, 'x', 'loaded', 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 from ${store};
    insert into scrape (id, store_id, date, load_id, ranked_at, listings, store_name)
      select store.n, store.n, '2024-01-01', store.n, 1, 1, 'store' from ${store};
    insert into company (id, code) select store.n, 'c' || store.n from ${other} where store.n > ${STORES};
    insert into store (id, company_id, code, name) select store.n, store.n, 's', 'store' from ${other} where store.n > ${STORES};
    insert into scrape (id, store_id, date, load_id, ranked_at, listings, store_name)
      select store.n, store.n, '2024-01-01', 1, 1, 1, 'store' from ${other} where store.n > ${STORES};
    insert into source (store_id, last_date, load_id, rows, usual_rows) select store.n, '2024-01-01', store.n, 1, 1 from ${store};
    insert into price_run (store_id, listing_id, from_date, price_cents) select store.n, listing.n, '2024-01-01', 100 from ${each};
    insert into label_run (store_id, listing_id, from_date, label_id) select store.n, listing.n, '2024-01-01', listing.n from ${each};`
}

const ROWS = 300

/** A scrape of a store that is there, in which most rows are as before and some are not; `receivedAt` is its seed. */
function scrape(date: string, seed: number, { company = 'big', store = 's7', says = seed } = {}): HistoryFile {
  const lines = Array.from({ length: ROWS }, (_, row) => {
    const price_current = row % 10 === seed % 10 ? 2 + seed : 1
    const product = {
      sku: `l${row + 1}`,
      name: 'name',
      normalized_name_brand_size: `k${row + 1} ${says}`,
      price_current,
    }
    return JSON.stringify({
      product,
      metadata: { company, store_id: store, store_name: 'store', scraped_date: date },
    })
  })
  const bytes = Buffer.from(lines.join('\n'))
  return { sha256: sha256Of(bytes), bytes, receivedAt: seed } as HistoryFile
}

/** All ways that a scrape can take into the catalogue and out of it. */
async function loadAndUndo(catalogue: Catalogue): Promise<void> {
  const files = [
    scrape('2024-01-02', 1),
    scrape('2024-01-04', 2),
    scrape('2024-01-03', 3),
    scrape('2023-12-31', 4),
    scrape('2024-01-04', 5),
    // What the first of them says is said by another store, too.
    scrape('2024-01-02', 6, { store: 's8', says: 1 }),
  ]
  for (const file of files) await loadWhole(catalogue, file)
  for (const { sha256 } of files) await catalogue.undo(sha256, 'for a test', 1)
}

test('SQLite: a load and its undoing read no large table from end to end, and what is given once', async (t) => {
  using catalogue = openCatalogue(':memory:')
  const { database } = catalogue
  const numbers = (name: string, count: number) =>
    `(with recursive of(n) as (select 1 union all select n + 1 from of where n < ${count}) select n from of) as ${name}`
  database.script(filling(numbers))
  database.script('analyze')
  const seen = new Set<string>()
  const statement = SqliteDatabase.prototype.statement
  t.mock.method(SqliteDatabase.prototype, 'statement', function (this: SqliteDatabase, sql: string) {
    seen.add(sql)
    return statement.call(this, sql)
  })
  await loadAndUndo(catalogue)
  // What is counted in the background looks up what belongs to the dates that were marked, too.
  await countChanges(database)
  assert.ok(seen.size > 50)
  const faults: string[] = []
  for (const sql of seen) {
    const steps = database.connection.prepare(`explain query plan ${sql}`).all() as Step[]
    for (const [at, { detail, parent }] of steps.entries()) {
      const scanned = /^SCAN (\w+)/.exec(detail)?.[1]
      if (scanned !== undefined && isLarge(scanned, sql)) faults.push(`${detail}: ${sql}`)
      // Within the loop over another table it is read, and its JSON parsed, for each row of that.
      const isWithin = steps.slice(0, at).some((step) => step.parent === parent && /^(SCAN|SEARCH) /.test(step.detail))
      if (isWithin && detail.includes('VIRTUAL TABLE') && sql.includes('json_each')) faults.push(`${detail}: ${sql}`)
    }
  }
  assert.deepEqual(faults, [])
})

type Step = Readonly<{ detail: string; parent: number }>

/** Whether a name in a statement is one of a large table. */
function isLarge(name: string, sql: string): boolean {
  const table = new RegExp(`\\b(\\w+) as ${name}\\b`).exec(sql)?.[1] ?? name
  return LARGE.includes(table)
}

type Node = Readonly<{
  'Node Type': string
  'Relation Name'?: string
  'Index Cond'?: string
  'Recheck Cond'?: string
  'Join Filter'?: string
  Plans?: Node[]
}>

test('PostgreSQL: a load and its undoing read no large table from end to end, and none again for each row', {
  skip: NO_POSTGRES,
}, async (t) => {
  await using made = await makeDatabase()
  await using catalogue = await openPostgresCatalogue(made.address, { connections: 2 })
  const { database } = catalogue
  const series = (name: string, count: number) => `generate_series(1, ${count}) as ${name} (n)`
  // What the server knows of its tables would depend on when it looks at them.
  const tables = await database.all(
    "select relname from pg_class where relkind = 'r' and relnamespace = 'catalogue'::regnamespace",
  )
  assert.ok(tables.length > 10)
  for (const { relname } of tables) await database.run(`alter table ${relname} set (autovacuum_enabled = false)`)
  for (const table of ['load', 'scrape', 'store', 'company', 'listing', 'label'])
    await database.run(`select setval(pg_get_serial_sequence('${table}', 'id'), 1000000)`)
  const plans: [sql: string, node: Node][] = []
  const { all } = PostgresTransaction.prototype
  for (const way of ['run', 'all'] as const) {
    const ask = PostgresTransaction.prototype[way] as (sql: string, ...values: Value[]) => Promise<never>
    const explained = async function (this: PostgresTransaction, sql: string, ...values: Value[]) {
      if (/^\s*(insert|update|delete|with|select)/.test(sql)) {
        const [plan] = (await all.call(this, `explain (format json) ${sql}`, ...values)) as Explained[]
        plans.push([sql, plan!['QUERY PLAN'][0]!.Plan])
      }
      return ask.call(this, sql, ...values)
    }
    t.mock.method(PostgresTransaction.prototype, way, explained)
  }
  // A new catalogue has hardly any rows, and no statistics.
  for (const company of ['one', 'other']) await loadWhole(catalogue, scrape('2024-01-01', 6, { company }))
  for (const sql of filling(series).split(';')) if (sql.trim() !== '') await database.run(sql)
  for (const table of [...LARGE, 'store', 'company']) await database.run(`analyze ${table}`)
  await loadAndUndo(catalogue)
  assert.ok(plans.length > 50)
  const faults = plans.flatMap(([sql, plan]) =>
    [...nodesOf(plan)].flatMap((node) => faultOfNode(node) ?? []).map((fault) => `${fault}: ${sql}`),
  )
  assert.deepEqual([...new Set(faults)], [])
})

type Explained = Readonly<{ 'QUERY PLAN': { Plan: Node }[] }>

const makeDatabase = sharedPostgres()

function* nodesOf(node: Node): Generator<Node> {
  yield node
  for (const each of node.Plans ?? []) yield* nodesOf(each)
}

function faultOfNode(node: Node): string | undefined {
  const table = (node['Relation Name'] ?? '').replace(/_\d+$/, '')
  const isRead = /Scan$/.test(node['Node Type']) && node['Node Type'] !== 'Bitmap Index Scan'
  if (isRead && LARGE.includes(table) && node['Index Cond'] === undefined && node['Recheck Cond'] === undefined)
    return `all of ${table} is read`
  const filter = node['Join Filter'] ?? ''
  const isLookedUp = [...nodesOf(node.Plans?.[1] ?? node)].some((each) => / = \w+\.\w+/.test(conditionOf(each)))
  return / = /.test(filter) && !isLookedUp ? `a table is read for each row of another: ${filter}` : undefined
}

function conditionOf(node: Node): string {
  return node['Index Cond'] ?? node['Recheck Cond'] ?? ''
}
