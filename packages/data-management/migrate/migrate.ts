/**
 * `splitcart migrate`: copies catalogue and ledger from their SQLite files into PostgreSQL. It can be interrupted at any
 * point and resumed: each table is copied completely or not at all. At the end, both sides are compared.
 */
import { join } from 'node:path'
import { Problem } from '@splitcart/shared/problem.ts'
import { openPostgresCatalogueDatabase } from '../catalogue/dialects/postgres/catalogue.ts'
import { PostgresStatements } from '../catalogue/dialects/postgres/statements.ts'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { catalogueDigest } from '../catalogue/digest.ts'
import { indexAllWords } from '../catalogue/load/listing-words.ts'
import type { PostgresDatabase } from '../database/postgres.ts'
import { SqliteDatabase } from '../database/sqlite.ts'
import { openLedger } from '../ledger/ledger.ts'
import { openPostgresLedgerDatabase } from '../ledger/postgres.ts'
import { areEmpty, differingTable, moveTables, type Tables } from './move-tables.ts'

/** Source and target: the catalogue's file, the ledger's folder, the address of PostgreSQL. */
export type Migration = Readonly<{ catalogue: string; dataDir: string; server: string }>

// In the order of their foreign keys.
const NAMES: Tables = {
  company: 'id',
  store: 'id',
  brand: 'id',
  category: 'id',
  listing: 'id',
  label: 'id',
  listing_category: 'listing_id, category_id',
  listing_key: 'kind, value, silent, company_id, listing_id',
  verdict: 'company, by_name, code, other_company, other_by_name, other_code',
  unsettled: 'listing_id',
  store_alias: 'company, code',
}

const FACTS: Tables = {
  store_fact: 'store_id, date, load_id',
  barcode_fact: 'company_id, sku, date, load_id',
  fed_barcode: 'company_id, sku',
}
const LOADS: Tables = { identity: 'one', load: 'id', scrape: 'id', figures: 'scrape_id', source: 'store_id', ...FACTS }

const HISTORIES: Tables = {
  price_run: 'store_id, listing_id, from_date',
  label_run: 'store_id, listing_id, from_date',
  label_use: 'label_id',
  contested: 'scrape_id, listing_id',
}

const REJECTS: Tables = {
  reject: 'load_id, line',
  hold_preview: 'load_id',
  reject_group: 'load_id, code, field, reason',
}

// Price changes are not moved: they are counted anew in the background. A schema migration may have marked some dates
// already, if an older program began the move.
const ALL_TO_BE_COUNTED = `insert into change_pending
  select company_id, store.id, min(date), 1 from store join scrape on store_id = store.id group by store.id on conflict do nothing`

const CATALOGUE: Tables = { ...NAMES, ...LOADS, ...HISTORIES, ...REJECTS }

const LEDGER: Tables = {
  upload: 'id',
  arriving: 'id',
  delivery: 'upload_id, key_id',
  api_key: 'id',
  machine_report: 'key_id',
  invitation: 'code_sha256',
  session: 'token_sha256',
  identity: 'one',
  lost: 'id',
  verdict: 'id',
  belief: 'id',
  requested_file: 'upload_id',
  store_merge: 'id',
  store_setting: 'company, store',
  condition: 'kind, subject',
  tick: 'kind, subject',
  notice: 'id',
  notice_receiver: 'name',
  notice_delivery: 'receiver, notice_id',
  watch: 'id',
  audit: 'id',
}

/** Copies both, calling `onTable` for each table; returns the digest of the catalogue. Throws `machine_refused`. */
export async function migrate(
  { catalogue: path, dataDir, server }: Migration,
  onTable: (table: string) => void,
): Promise<string> {
  await updateSchemas(path, dataDir)
  using catalogue = SqliteDatabase.openReadOnly(path)
  using ledger = SqliteDatabase.openReadOnly(join(dataDir, 'ledger.db'))
  await using stack = new AsyncDisposableStack()
  const target = stack.use(await openPostgresCatalogueDatabase(server))
  const { database, postgres } = await openPostgresLedgerDatabase(server)
  stack.defer(() => database.destroy())
  await markBegun(target, postgres)
  await moveTables(ledger, postgres, LEDGER, async (table) => onTable(table))
  await moveTables(catalogue, target, CATALOGUE, async (table, transaction) => {
    if (table === 'label') await indexAllWords(new PostgresStatements(transaction, { rollbacks: 0 }))
    if (table === 'price_run') await transaction.run(ALL_TO_BE_COUNTED)
    onTable(table)
  })
  const different =
    (await differingTable(ledger, postgres, LEDGER)) ??
    (await differingTable(catalogue, target, { ...LOADS, ...REJECTS }))
  const digest = await catalogueDigest(catalogue)
  if (different !== undefined || (await catalogueDigest(target)) !== digest)
    throw new Problem(
      'machine_refused',
      `what was moved is not the same (${different ?? 'digest of the catalogue'}); drop the schemas catalogue and ledger in PostgreSQL and begin again`,
    )
  await target.script('drop table moving')
  return digest
}

/** Brings the schemas of the SQLite files up to date. */
async function updateSchemas(path: string, dataDir: string): Promise<void> {
  openCatalogue(path)[Symbol.dispose]()
  await openLedger(dataDir)[Symbol.asyncDispose]()
}

/** Records that a move has begun; refuses a database that was used for anything else. */
async function markBegun(catalogue: PostgresDatabase, ledger: PostgresDatabase): Promise<void> {
  const hasBegun = await catalogue.get(
    "select 1 from pg_tables where schemaname = 'catalogue' and tablename = 'moving'",
  )
  if (hasBegun !== undefined) return
  if (!(await areEmpty(catalogue, CATALOGUE)) || !(await areEmpty(ledger, LEDGER)))
    throw new Problem('machine_refused', 'there are records in this PostgreSQL already')
  await catalogue.script('create table moving ()')
}
