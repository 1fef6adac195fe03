/**
 * Listings that become one product with a file, and are parted by another, cost so much work each, however many there are. Work is counted, not
 * timed: statements, what is given to them and what they answer; in PostgreSQL also the records that they look at.
 */
import assert from 'node:assert/strict'
import { StatementSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { effort } from '../../../test/effort.ts'
import { NO_POSTGRES, sharedPostgres } from '../../../test/postgres.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { keptPostgres, type OpenEmpty, openSqlite } from './catalogues.ts'
import { gtinOf, type Shown, show } from './shown.ts'

const makeDatabase = sharedPostgres()

const FEWEST = effort(150, 2_000)
// Were each listing looked at once more for each of the others, four times as many would cost four times as much each.
const FACTOR_MAX = 2
const CHARACTERS_OF_RECORD = 64
// With more listings of a company a barcode or a name is no key.
const SHARING = 40

/** Articles of one name. Together: each is shown with a barcode and a name that others have, too, and through these all hang together. */
function articles(count: number, together: boolean): Shown[] {
  return Array.from({ length: count }, (_, at) => {
    const sku = `s${at}`
    if (!together) return { sku, name: 'Oats', key: `oats number ${at}`, barcode: gtinOf(50_000 + at) }
    const half = Math.floor((at + SHARING / 2) / SHARING)
    return { sku, name: 'Oats', key: `oats and ${half}`, barcode: gtinOf(Math.floor(at / SHARING)) }
  })
}

async function productsOf({ database }: Catalogue): Promise<number> {
  const sql = 'select count(distinct product_id) as count from listing'
  return (await database.get<{ count: number }>(sql))!.count
}

/** What gluing and parting so many cost, each by a listing. `workSoFar`: of the catalogue. */
async function costOf(
  catalogue: Catalogue,
  count: number,
  workSoFar: () => Promise<number>,
): Promise<[number, number]> {
  await show(catalogue, ['elmmart', 1], articles(count, false))
  const costs: number[] = []
  for (const [day, together] of [
    [2, true],
    [3, false],
  ] as const) {
    const before = await workSoFar()
    assert.equal((await show(catalogue, ['elmmart', day], articles(count, together))).state, 'loaded')
    costs.push(((await workSoFar()) - before) / count)
    assert.equal(await productsOf(catalogue), together ? 1 : count)
  }
  return costs as [number, number]
}

/** Counts the statements of SQLite, what is given to them and what they answer, from now on. */
function countStatements(t: TestContext): () => Promise<number> {
  let work = 0
  for (const way of ['run', 'get', 'all'] as const) {
    const asked = StatementSync.prototype[way] as (...values: unknown[]) => unknown
    t.mock.method(StatementSync.prototype, way, function (this: StatementSync, ...values: unknown[]) {
      const answer = asked.apply(this, values)
      const characters = values.reduce<number>((sum, value) => sum + String(value).length, 0)
      work += 1 + characters / CHARACTERS_OF_RECORD + (Array.isArray(answer) ? answer.length : 0)
      return answer
    })
  }
  return async () => work
}

/** The records that PostgreSQL has looked at. */
async function recordsRead({ database }: Catalogue): Promise<number> {
  await database.get('select pg_stat_force_next_flush()')
  const sql =
    'select cast(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) as double precision) as read from pg_stat_user_tables'
  return (await database.get<{ read: number }>(sql))!.read
}

async function assertLinear(open: OpenEmpty, workIn: (catalogue: Catalogue) => Promise<number>): Promise<void> {
  const costs: [number, number][] = []
  for (const count of [FEWEST, 2 * FEWEST, 4 * FEWEST]) {
    await using catalogue = await open()
    costs.push(await costOf(catalogue, count, () => workIn(catalogue)))
  }
  const [few, , many] = costs as [[number, number], [number, number], [number, number]]
  for (const way of [0, 1] as const) assert.ok(many[way] < FACTOR_MAX * few[way], `${costs}`)
}

test('SQLite: gluing and parting four times as many listings costs as much for each of them', async (t) => {
  await assertLinear(openSqlite, countStatements(t))
})

test('PostgreSQL: gluing and parting four times as many listings costs as much for each of them', {
  skip: NO_POSTGRES,
}, async () => {
  await using made = await makeDatabase()
  // Over one connection, which tells what it has looked at when it is asked to.
  await using kept = await keptPostgres(made.address)
  await assertLinear(kept.open, recordsRead)
})
