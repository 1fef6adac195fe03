/**
 * Products: the connected components of listings that ever shared a barcode or a normalized name. A product has no history of its own
 * (prices belong to listings), so joining two of them moves none. Of two the smaller one is moved, so that all joining together costs
 * little more than the listings that are joined.
 */
import { Groups } from '../model/groups.ts'
import { type LoadDatabase, records, type Statements, sql } from './statement.ts'

const PAGE_LABELS = 2_000
// Sizes are counted no further than is needed to tell the largest.
const SIZE_AT_FIRST = 16
const SIZE_FACTOR = 8

type Joined = { label_id: number; listing_id: number; product_id: number | null; key: string; barcode: string | null }
type Key = Readonly<{ kind: 'name' | 'barcode'; value: string }>

/** Joins the listings of the labels in `unjoined` with all that have a key in common with them. The caller has the lock of the products. */
export async function joinLabels(database: LoadDatabase): Promise<void> {
  for (let last = 0; ; ) {
    const page = await database.all<Joined>(
      sql`select label.id as label_id, listing_id, product_id, key, label.barcode
        from unjoined join label on label.id = unjoined.label_id join listing on listing.id = label.listing_id
        where unjoined.label_id > ${last} order by unjoined.label_id limit ${PAGE_LABELS}`,
    )
    if (page.length === 0) return
    await joinPage(database, page)
    last = page.at(-1)!.label_id
  }
}

/** Takes the products in `loosened` apart and joins their listings anew, by the labels they still have. */
export async function rejoinProducts(database: LoadDatabase): Promise<void> {
  await database.script(`
    delete from unjoined;
    insert into unjoined select label.id
      from loosened join listing on listing.product_id = loosened.product_id join label on label.listing_id = listing.id;
    delete from product_key where product_id in (select product_id from loosened);
    update listing set product_id = null where product_id in (select product_id from loosened);
    delete from product where id in (select product_id from loosened);
  `)
  await joinLabels(database)
}

async function joinPage(database: LoadDatabase, labels: readonly Joined[]): Promise<void> {
  const groups = new Groups()
  for (const label of labels) {
    for (const key of keysOf(label)) groups.join(listingOf(label), textOf(key))
    if (label.product_id !== null) groups.join(listingOf(label), productOf(label.product_id))
  }
  const keys = [...new Map(labels.flatMap(keysOf).map((key) => [textOf(key), key])).values()]
  const known = await productsOf(database, keys)
  for (const [key, productId] of known) groups.join(key, productOf(productId))
  const products = await settle(database, groups, labels, known)
  await giveProducts(database, groups, labels, products)
  await leadKeys(
    database,
    keys.filter((key) => !known.has(textOf(key))),
    (key) => products.get(groups.of(textOf(key)))!,
  )
}

/** The product of each group: the one it has, the largest of those it has, which the others become, or a new one. */
async function settle(
  database: LoadDatabase,
  groups: Groups,
  labels: readonly Joined[],
  known: ReadonlyMap<string, number>,
): Promise<Map<string, number>> {
  const there = [...known.values(), ...labels.flatMap(({ product_id }) => product_id ?? [])]
  const byGroup = Map.groupBy(new Set(there), (id) => groups.of(productOf(id)))
  const largest = await largestOf(
    database,
    [...byGroup.values()].filter(({ length }) => length > 1),
  )
  const products = new Map<string, number>()
  const merged: [from: number, into: number][] = []
  for (const [group, ids] of byGroup) {
    const into = largest.get(ids) ?? ids[0]!
    products.set(group, into)
    for (const from of ids) if (from !== into) merged.push([from, into])
  }
  await mergeProducts(database, merged)
  const without = [...new Set(labels.map((label) => groups.of(listingOf(label))))].filter((each) => !products.has(each))
  const made = await makeProducts(database, without.length)
  for (const [place, group] of without.entries()) products.set(group, made[place]!)
  return products
}

async function makeProducts(database: LoadDatabase, count: number): Promise<number[]> {
  if (count === 0) return []
  const ids = await database.newIds('product', count)
  await database.copy(
    { table: 'product', columns: ['id'] },
    ids.map((id) => [id]),
  )
  return ids
}

/** The product with the most listings in each of these groups. No product is counted to its end that is larger than all others. */
async function largestOf(database: Statements, groups: readonly number[][]): Promise<Map<readonly number[], number>> {
  const largest = new Map<readonly number[], number>()
  let open = groups.map((group) => ({ group, left: group }))
  for (let most = SIZE_AT_FIRST; open.length > 0; most *= SIZE_FACTOR) {
    const sizes = await sizesOf(
      database,
      open.flatMap(({ left }) => left),
      most,
    )
    open = open.flatMap(({ group, left }) => {
      const size = Math.max(...left.map((id) => sizes.get(id)!))
      const best = left.filter((id) => sizes.get(id) === size)
      if (best.length > 1 && size === most) return [{ group, left: best }]
      largest.set(group, best[0]!)
      return []
    })
  }
  return largest
}

/** How many listings products have, counted up to `most`. */
async function sizesOf(database: Statements, ids: readonly number[], most: number): Promise<Map<number, number>> {
  const wanted = records('wanted', { id: 'integer' }, [ids])
  const found = await database.all<{ id: number; size: number }>(
    sql`select wanted.id, (
        select count(*) from (select 1 from listing where listing.product_id = wanted.id limit ${most}) as counted
      ) as size from ${wanted}`,
  )
  return new Map(found.map(({ id, size }) => [id, size]))
}

async function mergeProducts(database: Statements, merged: readonly (readonly [number, number])[]): Promise<void> {
  if (merged.length === 0) return
  const pairs = records('merged', { from_id: 'integer', into_id: 'integer' }, [
    merged.map(([from]) => from),
    merged.map(([, into]) => into),
  ])
  await database.run(
    sql`update listing set product_id = merged.into_id from ${pairs} where listing.product_id = merged.from_id`,
  )
  await database.run(
    sql`update product_key set product_id = merged.into_id from ${pairs} where product_key.product_id = merged.from_id`,
  )
  await database.run(sql`delete from product where id in (select from_id from ${pairs})`)
}

async function giveProducts(
  database: Statements,
  groups: Groups,
  labels: readonly Joined[],
  products: ReadonlyMap<string, number>,
): Promise<void> {
  const without = new Map(labels.filter(({ product_id }) => product_id === null).map((each) => [each.listing_id, each]))
  if (without.size === 0) return
  const given = records('given', { listing_id: 'integer', product_id: 'integer' }, [
    [...without.keys()],
    [...without.values()].map((label) => products.get(groups.of(listingOf(label)))!),
  ])
  await database.run(
    sql`update listing set product_id = given.product_id from ${given} where listing.id = given.listing_id`,
  )
}

async function leadKeys(database: Statements, keys: readonly Key[], productFor: (key: Key) => number): Promise<void> {
  if (keys.length === 0) return
  await database.copy(
    { table: 'product_key', columns: ['kind', 'value', 'product_id'] },
    keys.map((key) => [key.kind, key.value, productFor(key)]),
  )
}

/** The products that keys lead to. */
async function productsOf(database: Statements, keys: readonly Key[]): Promise<Map<string, number>> {
  const wanted = records('wanted', { kind: 'text', value: 'text' }, [
    keys.map(({ kind }) => kind),
    keys.map(({ value }) => value),
  ])
  const found = await database.all<Key & { product_id: number }>(
    sql`select product_key.kind, product_key.value, product_id from ${wanted}
      join product_key on product_key.kind = wanted.kind and product_key.value = wanted.value`,
  )
  return new Map(found.map(({ product_id, ...key }) => [textOf(key), product_id]))
}

function keysOf({ key, barcode }: Joined): Key[] {
  const name: Key = { kind: 'name', value: key }
  return barcode === null ? [name] : [name, { kind: 'barcode', value: barcode }]
}

function textOf({ kind, value }: Key): string {
  return `${kind} ${value}`
}

function listingOf({ listing_id }: Joined): string {
  return `listing ${listing_id}`
}

function productOf(id: number): string {
  return `product ${id}`
}
