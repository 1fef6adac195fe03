/**
 * Products: the connected components of listings that ever shared a barcode or a normalized name. A product has no history of its
 * own (prices belong to listings), so joining two of them moves none.
 */
import type { SqliteDatabase } from '../database/sqlite.ts'

type KeyKind = 'barcode' | 'name'
type Keys = { listing_id: number; key: string; barcode: string | null }

const PAGE_LABELS = 2_000

/** Gives every listing that has a label newer than `labelId` its product, joining products that turn out to be one. */
export function joinProducts(database: SqliteDatabase, labelId: number): void {
  for (let last = labelId; ; ) {
    const sql = `select id, listing_id, key, barcode from label where id > ? order by id limit ${PAGE_LABELS}`
    const page = database.all<Keys & { id: number }>(sql, last)
    if (page.length === 0) return
    for (const keys of page) joinByKeys(database, keys)
    last = page.at(-1)!.id
  }
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
    const page = database.all<Keys & { id: number }>(sql, last)
    if (page.length === 0) return
    for (const keys of page) joinByKeys(database, keys)
    last = page.at(-1)!.id
  }
}

function joinByKeys(database: SqliteDatabase, { listing_id, key, barcode }: Keys): void {
  joinByKey(database, listing_id, 'name', key)
  if (barcode !== null) joinByKey(database, listing_id, 'barcode', barcode)
}

function joinByKey(database: SqliteDatabase, listingId: number, kind: KeyKind, value: string): void {
  const known = database.get<{ product_id: number }>(
    'select product_id from product_key where kind = ? and value = ?',
    kind,
    value,
  )
  const listing = database.get<{ product_id: number | null }>('select product_id from listing where id = ?', listingId)!
  const productId = listing.product_id ?? known?.product_id ?? newProduct(database)
  if (listing.product_id === null) database.run('update listing set product_id = ? where id = ?', productId, listingId)
  if (known === undefined) database.run('insert into product_key values (?, ?, ?)', kind, value, productId)
  else if (known.product_id !== productId) mergeProducts(database, known.product_id, productId)
}

function newProduct(database: SqliteDatabase): number {
  return database.get<{ id: number }>('insert into product default values returning id')!.id
}

/** Makes one product of two: the one with more listings takes over the keys and listings of the other. */
function mergeProducts(database: SqliteDatabase, one: number, other: number): void {
  const size = (id: number) =>
    database.get<{ size: number }>('select count(*) as size from listing where product_id = ?', id)!.size
  const [from, into] = size(one) < size(other) ? [one, other] : [other, one]
  for (const keys of keysOf(database, from)) {
    moveKey(database, { kind: 'name', value: keys.key }, from, into)
    if (keys.barcode !== null) moveKey(database, { kind: 'barcode', value: keys.barcode }, from, into)
  }
  database.run('update listing set product_id = ? where product_id = ?', into, from)
  database.run('delete from product where id = ?', from)
}

/** A key of a label that has not had its turn may still lead to a third product: it is left, and joins that one in its turn. */
function moveKey(database: SqliteDatabase, key: { kind: KeyKind; value: string }, from: number, into: number): void {
  const sql = 'update product_key set product_id = ? where kind = ? and value = ? and product_id = ?'
  database.run(sql, into, key.kind, key.value, from)
}

function keysOf(database: SqliteDatabase, productId: number): Keys[] {
  return database.all(
    'select listing_id, key, label.barcode from label join listing on listing.id = listing_id where product_id = ?',
    productId,
  )
}
