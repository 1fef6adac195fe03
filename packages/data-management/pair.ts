/**
 * Catalogue and ledger belong together: the same id stands in both. A catalogue that another ledger belongs to, or a new one that a
 * mistyped setting has made, is refused before anything is compared with it.
 */
import { Problem } from '@splitcart/shared/problem.ts'
import { v7 as uuid } from 'uuid'
import type { Sql } from './database/sql.ts'
import type { Identity } from './ledger/identity.ts'
import type { Ledger } from './ledger/ledger.ts'

/** Both databases, with their names for messages. */
export type Pair = Readonly<{ ledger: Ledger; catalogue: Sql; names: Readonly<{ ledger: string; catalogue: string }> }>

/** Throws `database_unusable` unless both have the same id. Databases without ids, new or old, are given one. */
export async function checkPair(pair: Pair): Promise<void> {
  const { ledger, catalogue } = pair
  const own = await ledger.identity.get()
  const found = await idOf(catalogue)
  if (own === undefined && !(await isSuspicious(pair, found))) {
    // The catalogue first: a ledger without an id takes that of its catalogue, also after a crash in between.
    if (found === undefined)
      await catalogue.run('insert into identity (one, id) values (1, ?) on conflict (one) do nothing', uuid())
    await ledger.identity.setIfMissing((await idOf(catalogue)) ?? '')
  }
  if ((await ledger.identity.get()) !== (await idOf(catalogue)) || (await ledger.identity.get()) === undefined)
    throw new Problem('database_unusable', strangers(pair))
}

/** Makes both belong together from now on, whatever they were, and however much they differ. */
export async function joinPair({ ledger, catalogue }: Pair): Promise<void> {
  const id = uuid()
  await catalogue.run(
    'insert into identity (one, id) values (1, ?) on conflict (one) do update set id = excluded.id',
    id,
  )
  await ledger.identity.setOther(id)
}

/** Gives both, which belong together, another id: senders see by it that the server may have forgotten something. */
export async function beginHistory(ledger: Identity, catalogue: Sql): Promise<void> {
  const id = uuid()
  await ledger.renew(id)
  await catalogue.run('update identity set id = ?', id)
}

/** A ledger from before there were ids, with uploads that were loaded, and a catalogue in which nothing ever was. */
async function isSuspicious({ ledger, catalogue }: Pair, found: string | undefined): Promise<boolean> {
  if (found !== undefined) return false
  const [loaded] = await ledger.uploads.list({ state: 'loaded', limit: 1 })
  return loaded !== undefined && (await catalogue.get('select id from load limit 1')) === undefined
}

async function idOf(catalogue: Sql): Promise<string | undefined> {
  return (await catalogue.get<{ id: string }>('select id from identity'))?.id
}

function strangers({ names: { ledger, catalogue } }: Pair): string {
  return `${catalogue} is not the catalogue of ${ledger}, so nothing was touched; if one of them was lost or put back on purpose, say so: splitcart join-databases`
}
