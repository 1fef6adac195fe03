/**
 * Products: the connected components of listings that ever shared a barcode or a normalized name. A product has no history of its
 * own (prices belong to listings), so joining two of them moves none.
 */
import type { SqliteDatabase } from '../database/sqlite.ts'

type KeyKind = 'barcode' | 'name'
/** What a label is joined with others by. */
export type Keys = Readonly<{ key: string; barcode: string | null }>

const PAGE_LABELS = 200

/** The product of a listing that is new and has these keys: the one that a key leads to, else a new one. */
export function productFor(database: SqliteDatabase, { key, barcode }: Keys): number {
  return (
    productOfKey(database, 'name', key) ??
    (barcode === null ? undefined : productOfKey(database, 'barcode', barcode)) ??
    newProduct(database)
  )
}

/** Makes the keys of a label, which is in the catalogue already, lead to its listing's product, joining it with those they lead to now. */
export function joinKeys(database: SqliteDatabase, productId: number, { key, barcode }: Keys): void {
  const joined = joinKey(database, productId, 'name', key)
  if (barcode !== null) joinKey(database, joined, 'barcode', barcode)
}

/** Takes the products of `temp.loosened` apart and joins their listings anew, by the labels they still have. */
export function rejoinProducts(database: SqliteDatabase): void {
  database.script(`
    create temp table if not exists apart (listing_id integer primary key);
    delete from temp.apart;
    insert into temp.apart select id from listing where product_id in (select product_id from temp.loosened);
    delete from product_key where product_id in (select product_id from temp.loosened);
    update listing set product_id = null where id in (select listing_id from temp.apart);
    delete from product where id in (select product_id from temp.loosened);
  `)
  for (let last = 0; ; ) {
    const sql = `select label.id, listing_id, key, barcode from temp.apart join label using (listing_id)
      where label.id > ? order by label.id limit ${PAGE_LABELS}`
    const page = database.all<Keys & { id: number; listing_id: number }>(sql, last)
    if (page.length === 0) return
    for (const label of page) rejoin(database, label.listing_id, label)
    last = page.at(-1)!.id
  }
}

function rejoin(database: SqliteDatabase, listingId: number, keys: Keys): void {
  const sql = 'select product_id from listing where id = ?'
  let { product_id: productId } = database.get<{ product_id: number | null }>(sql, listingId)!
  if (productId === null) {
    productId = productFor(database, keys)
    database.run('update listing set product_id = ? where id = ?', productId, listingId)
  }
  joinKeys(database, productId, keys)
}

/** The product that the key and the listing have in common then. */
function joinKey(database: SqliteDatabase, productId: number, kind: KeyKind, value: string): number {
  const known = productOfKey(database, kind, value)
  if (known === undefined) database.run('insert into product_key values (?, ?, ?)', kind, value, productId)
  return known === undefined || known === productId ? productId : mergeProducts(database, known, productId)
}

function productOfKey(database: SqliteDatabase, kind: KeyKind, value: string): number | undefined {
  const sql = 'select product_id from product_key where kind = ? and value = ?'
  return database.get<{ product_id: number }>(sql, kind, value)?.product_id
}

function newProduct(database: SqliteDatabase): number {
  return Number(database.statement('insert into product default values').run().lastInsertRowid)
}

/** Makes one product of two: the one with more listings takes over the keys and listings of the other, and is returned. */
function mergeProducts(database: SqliteDatabase, one: number, other: number): number {
  const size = (id: number) =>
    database.get<{ size: number }>('select count(*) as size from listing where product_id = ?', id)!.size
  const [from, into] = size(one) < size(other) ? [one, other] : [other, one]
  for (const keys of keysOf(database, from)) {
    moveKey(database, { kind: 'name', value: keys.key }, from, into)
    if (keys.barcode !== null) moveKey(database, { kind: 'barcode', value: keys.barcode }, from, into)
  }
  database.run('update listing set product_id = ? where product_id = ?', into, from)
  database.run('delete from product where id = ?', from)
  return into
}

/** A key of a label that has not had its turn may still lead to a third product: it is left, and joins that one in its turn. */
function moveKey(database: SqliteDatabase, key: { kind: KeyKind; value: string }, from: number, into: number): void {
  const sql = 'update product_key set product_id = ? where kind = ? and value = ? and product_id = ?'
  database.run(sql, into, key.kind, key.value, from)
}

function keysOf(database: SqliteDatabase, productId: number): Keys[] {
  return database.all(
    'select key, label.barcode from label join listing on listing.id = listing_id where product_id = ?',
    productId,
  )
}
