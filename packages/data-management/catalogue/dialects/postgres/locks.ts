/**
 * Locks between loads that would disturb each other. They are taken in this order and end with the transaction, so that
 * there is no deadlock:
 *
 *   catalogue   shared by all loads; exclusive for removals, since listings may go that others are about to refer to
 *   stores      in the order of their ids: the history of a store is changed by one load after the other
 *   companies   in the order of their ids: while uses of labels are counted, and listings get the label of their newest
 *               scrape, which may be another store's
 *   products    while listings are grouped into products, which depends on the labels of all companies
 *
 * Companies are locked when the rows of a file are staged and those of its first scrape are in the history of its store.
 */
import type { PostgresQueries } from '../../../database/postgres-queries.ts'

// A range of lock numbers that other programs in the same database hardly use.
const BASE = 0x5370_6c00
const LOCKS = { catalogue: BASE, store: BASE + 1, products: BASE + 2, company: BASE + 3 } as const

/** Locks the catalogue together with other loads. */
export async function lockCatalogueShared(database: PostgresQueries): Promise<void> {
  await database.run('select pg_advisory_xact_lock_shared(?, 0)', LOCKS.catalogue)
}

/** Waits until no load is under way, and lets none begin. */
export async function lockCatalogueExclusive(database: PostgresQueries): Promise<void> {
  await database.run('select pg_advisory_xact_lock(?, 0)', LOCKS.catalogue)
}

/** Locks the catalogue shared and the products exclusively. */
export async function lockCatalogueAndProducts(database: PostgresQueries): Promise<void> {
  await lockCatalogueShared(database)
  await lockProducts(database)
}

/** Waits until no other load changes the histories of these stores. */
export async function lockStores(database: PostgresQueries, storeIds: Iterable<number>): Promise<void> {
  await lockNumbers(database, LOCKS.store, storeIds)
}

/** Waits until no other transaction groups products. */
export async function lockProducts(database: PostgresQueries): Promise<void> {
  await lockNumbers(database, LOCKS.products, [0])
}

/** Waits until no other load sets the labels of listings of these companies. */
export async function lockCompanies(database: PostgresQueries, companyIds: Iterable<number>): Promise<void> {
  await lockNumbers(database, LOCKS.company, companyIds)
}

async function lockNumbers(database: PostgresQueries, kind: number, ids: Iterable<number>): Promise<void> {
  const sorted = [...new Set(ids)].sort((one, other) => one - other)
  const sql = 'select pg_advisory_xact_lock(?::integer, id) from (select unnest(?::integer[]) as id) as ids'
  await database.run(sql, kind, sorted)
}
