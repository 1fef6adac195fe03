/**
 * The ledger of a test: a SQLite file in its folder, or, where DATABASE_OF_TESTS is `postgres` (`npm run test:long`), a database of its own
 * in the PostgreSQL of the process.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { NO_POSTGRES, sharedPostgres, type TestDatabase } from '../../../test/postgres.ts'
import { openPostgresCatalogue } from '../catalogue/dialects/postgres/catalogue.ts'
import type { LedgerDatabase } from '../ledger/database.ts'
import { type Ledger, openLedger } from '../ledger/ledger.ts'
import { openPostgresLedger, openPostgresLedgerDatabase } from '../ledger/postgres.ts'
import { openSqliteLedger } from '../ledger/sqlite.ts'

type Record = { [column: string]: unknown }

const TABLES = ['upload', 'arriving', 'lost', 'delivery', 'api_key', 'session', 'audit']

const makeDatabase = process.env.DATABASE_OF_TESTS === 'postgres' ? sharedPostgres(migrateTemplate) : undefined
const databases = new Map<string, Promise<TestDatabase>>()

/** Opens the ledger of a folder, also once more. */
export async function openLedgerIn(folder: string, settingsKey?: string): Promise<Ledger> {
  const address = await addressOf(folder)
  return address === undefined ? openLedger(folder, settingsKey) : openPostgresLedger(address, settingsKey)
}

/** Only its tables. */
export async function openLedgerDatabaseIn(folder: string): Promise<LedgerDatabase> {
  const address = await addressOf(folder)
  return address === undefined
    ? openSqliteLedger(join(folder, 'ledger.db'))
    : (await openPostgresLedgerDatabase(address)).database
}

/** Asks the tables of a ledger directly. */
export async function askLedger(folder: string, sql: string): Promise<Record[]> {
  const address = await addressOf(folder)
  if (address === undefined) {
    using database = new DatabaseSync(join(folder, 'ledger.db'))
    return database.prepare(sql).all()
  }
  const client = new pg.Client({ connectionString: address, options: '-c search_path=ledger' })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

/** A program in JavaScript that runs a statement on a ledger. */
export async function programThatRuns(folder: string, sql: string): Promise<string> {
  const address = await addressOf(folder)
  const [text, file] = [JSON.stringify(sql), JSON.stringify(join(folder, 'ledger.db'))]
  if (address === undefined) return `new (require('node:sqlite').DatabaseSync)(${file}).exec(${text})`
  const config = JSON.stringify({ connectionString: address, options: '-c search_path=ledger' })
  const path = JSON.stringify(import.meta.resolve('pg'))
  return `import(${path}).then(async ({ default: pg }) => { const client = new pg.Client(${config}); await client.connect(); await client.query(${text}); await client.end() })`
}

/** Everything that is stored of a ledger, as text. */
export async function storedIn(folder: string): Promise<string> {
  if ((await addressOf(folder)) === undefined) {
    const names = await readdir(folder)
    return (await Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')))).join('')
  }
  return JSON.stringify(await Promise.all(TABLES.map((table) => askLedger(folder, `select * from ${table}`))))
}

/** The database that belongs to a folder, which has its catalogue too; undefined where they are files. */
export async function addressOf(folder: string): Promise<string | undefined> {
  if (makeDatabase === undefined) return undefined
  if (NO_POSTGRES !== false) throw new Error(NO_POSTGRES)
  if (!databases.has(folder)) databases.set(folder, makeDatabase())
  return (await databases.get(folder))?.address
}

/** Migrates what every new database of a cluster is a copy of: else each of some hundred tests would. */
async function migrateTemplate(address: string): Promise<void> {
  const template = new URL(address)
  template.pathname = 'template1'
  await using _catalogue = await openPostgresCatalogue(template.href)
  await using _ledger = await openPostgresLedger(template.href)
}
