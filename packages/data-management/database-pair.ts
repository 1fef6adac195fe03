/**
 * Checks that catalogue and ledger belong together: both store the same id. A catalogue of another ledger, or an empty
 * one that a mistyped setting has created, is refused.
 */
import { Problem } from '@splitcart/shared/problem.ts'
import { v7 as uuid } from 'uuid'
import type { Sql } from './database/sql.ts'
import type { Identity } from './ledger/identity.ts'
import type { Ledger } from './ledger/ledger.ts'

/** Both databases, and the names by which messages call them. */
export type DatabasePair = Readonly<{
  ledger: Ledger
  catalogue: Sql
  names: Readonly<{ ledger: string; catalogue: string }>
}>

/** Throws `database_unusable` unless both have the same id. Databases without ids, new or old, are given one. */
export async function checkDatabasePair(pair: DatabasePair): Promise<void> {
  const { ledger, catalogue } = pair
  const own = await ledger.identity.get()
  const found = await catalogueIdOf(catalogue)
  if (own === undefined && !(await isSuspiciouslyEmpty(pair, found))) {
    // The catalogue first: a ledger without an id takes that of its catalogue, also after a crash in between.
    if (found === undefined)
      await catalogue.run('insert into identity (one, id) values (1, ?) on conflict (one) do nothing', uuid())
    await ledger.identity.setIfMissing((await catalogueIdOf(catalogue)) ?? '')
  }
  if ((await ledger.identity.get()) !== (await catalogueIdOf(catalogue)) || (await ledger.identity.get()) === undefined)
    throw new Problem('database_unusable', mismatchDetail(pair))
}

/** Gives both the same new id, whatever ids they had. */
export async function joinDatabasePair({ ledger, catalogue }: DatabasePair): Promise<void> {
  const id = uuid()
  await catalogue.run(
    'insert into identity (one, id) values (1, ?) on conflict (one) do update set id = excluded.id',
    id,
  )
  await ledger.identity.setOther(id)
}

/** Replaces the common id by a new one, which tells senders that the server may have lost uploads. */
export async function renewIdentity(ledger: Identity, catalogue: Sql): Promise<void> {
  const id = uuid()
  await ledger.renew(id)
  await catalogue.run('update identity set id = ?', id)
}

/** Whether nothing was ever loaded into the catalogue, although the ledger lists loaded uploads. */
async function isSuspiciouslyEmpty({ ledger, catalogue }: DatabasePair, found: string | undefined): Promise<boolean> {
  if (found !== undefined) return false
  const [loaded] = await ledger.uploads.list({ state: 'loaded', limit: 1 })
  return loaded !== undefined && (await catalogue.get('select id from load limit 1')) === undefined
}

async function catalogueIdOf(catalogue: Sql): Promise<string | undefined> {
  return (await catalogue.get<{ id: string }>('select id from identity'))?.id
}

function mismatchDetail({ names: { ledger, catalogue } }: DatabasePair): string {
  return `${catalogue} is not the catalogue of ${ledger}, so nothing was touched; if one of them was lost or put back on purpose, say so: splitcart join-databases`
}
