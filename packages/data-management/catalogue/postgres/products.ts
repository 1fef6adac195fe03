/** Products in PostgreSQL: many labels are joined at once. What a product is stands in ../products.ts. */
import type { PostgresTransaction } from '../../database/postgres-queries.ts'

const PAGE_LABELS = 5_000

type Joined = { label_id: number; listing_id: number; product_id: number | null; key: string; barcode: string | null }
type Key = Readonly<{ kind: 'name' | 'barcode'; value: string }>

/** Joins the listings of the labels in `unjoined` with all that have a key in common with them. The caller has the lock of the products. */
export async function joinLabels(transaction: PostgresTransaction): Promise<void> {
  for (let last = 0; ; ) {
    const page = await transaction.all<Joined>(
      `select label.id as label_id, listing_id, product_id, key, label.barcode
        from unjoined join label on label.id = unjoined.label_id join listing on listing.id = listing_id
        where label.id > ? order by label.id limit ${PAGE_LABELS}`,
      last,
    )
    if (page.length === 0) return
    await joinPage(transaction, page)
    last = page.at(-1)!.label_id
  }
}

async function joinPage(transaction: PostgresTransaction, labels: readonly Joined[]): Promise<void> {
  const groups = new Groups()
  for (const label of labels) {
    for (const key of keysOf(label)) groups.join(listingOf(label), textOf(key))
    if (label.product_id !== null) groups.join(listingOf(label), productOf(label.product_id))
  }
  const keys = [...new Map(labels.flatMap(keysOf).map((key) => [textOf(key), key])).values()]
  const known = await productsOf(transaction, keys)
  for (const [key, productId] of known) groups.join(key, productOf(productId))
  const products = await settle(transaction, groups, labels, known)
  await giveProducts(transaction, groups, labels, products)
  await leadKeys(
    transaction,
    keys.filter((key) => !known.has(textOf(key))),
    (key) => products.get(groups.of(textOf(key)))!,
  )
}

/** The product of each group: the one it has, one of those it has, which the others become, or a new one. */
async function settle(
  transaction: PostgresTransaction,
  groups: Groups,
  labels: readonly Joined[],
  known: ReadonlyMap<string, number>,
): Promise<Map<string, number>> {
  const there = [...known.values(), ...labels.flatMap(({ product_id }) => product_id ?? [])]
  const byGroup = Map.groupBy(new Set(there), (id) => groups.of(productOf(id)))
  const products = new Map<string, number>()
  const merged: [from: number, into: number][] = []
  for (const [group, ids] of byGroup) {
    const into = Math.min(...ids)
    products.set(group, into)
    for (const from of ids) if (from !== into) merged.push([from, into])
  }
  await mergeProducts(transaction, merged)
  const without = [...new Set(labels.map((label) => groups.of(listingOf(label))))].filter((each) => !products.has(each))
  const made = await makeProducts(transaction, without.length)
  for (const [place, group] of without.entries()) products.set(group, made[place]!)
  return products
}

async function makeProducts(transaction: PostgresTransaction, count: number): Promise<number[]> {
  if (count === 0) return []
  const sql = `insert into product select nextval(pg_get_serial_sequence('product', 'id')) from generate_series(1, ?::integer) returning id`
  return (await transaction.all<{ id: number }>(sql, count)).map(({ id }) => id)
}

async function mergeProducts(transaction: PostgresTransaction, merged: readonly [number, number][]): Promise<void> {
  if (merged.length === 0) return
  const [from, into] = [merged.map(([from]) => from), merged.map(([, into]) => into)]
  for (const table of ['listing', 'product_key'])
    await transaction.run(
      `update ${table} set product_id = into_id from unnest(?::integer[], ?::integer[]) as merged (from_id, into_id)
        where product_id = from_id`,
      from,
      into,
    )
  await transaction.run('delete from product where id = any(?::integer[])', from)
}

async function giveProducts(
  transaction: PostgresTransaction,
  groups: Groups,
  labels: readonly Joined[],
  products: ReadonlyMap<string, number>,
): Promise<void> {
  const without = new Map(labels.filter(({ product_id }) => product_id === null).map((each) => [each.listing_id, each]))
  if (without.size === 0) return
  await transaction.run(
    `update listing set product_id = given.product_id from unnest(?::integer[], ?::integer[]) as given (listing_id, product_id)
      where listing.id = given.listing_id`,
    [...without.keys()],
    [...without.values()].map((label) => products.get(groups.of(listingOf(label)))!),
  )
}

async function leadKeys(
  transaction: PostgresTransaction,
  keys: readonly Key[],
  productFor: (key: Key) => number,
): Promise<void> {
  if (keys.length === 0) return
  await transaction.run(
    'insert into product_key select * from unnest(?::text[], ?::text[], ?::integer[])',
    keys.map(({ kind }) => kind),
    keys.map(({ value }) => value),
    keys.map(productFor),
  )
}

/** The products that keys lead to. */
async function productsOf(transaction: PostgresTransaction, keys: readonly Key[]): Promise<Map<string, number>> {
  const found = await transaction.all<Key & { product_id: number }>(
    `select product_key.kind, product_key.value, product_id from unnest(?::text[], ?::text[]) as wanted (kind, value)
      join product_key on product_key.kind = wanted.kind and product_key.value = wanted.value`,
    keys.map(({ kind }) => kind),
    keys.map(({ value }) => value),
  )
  return new Map(found.map(({ product_id, ...key }) => [textOf(key), product_id]))
}

/** Takes the products of these ids apart and joins their listings anew, by the labels they still have. */
export async function rejoinProducts(transaction: PostgresTransaction, ids: readonly number[]): Promise<void> {
  await transaction.script('delete from unjoined')
  await transaction.run(
    'insert into unjoined select label.id from listing join label on listing_id = listing.id where product_id = any(?::integer[])',
    ids,
  )
  await transaction.run('delete from product_key where product_id = any(?::integer[])', ids)
  await transaction.run('update listing set product_id = null where product_id = any(?::integer[])', ids)
  await transaction.run('delete from product where id = any(?::integer[])', ids)
  await joinLabels(transaction)
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

/** What belongs together, named by one of its members. */
class Groups {
  readonly #parents = new Map<string, string>()

  /** The name of a member's group. */
  of(member: string): string {
    let top = member
    for (let parent = this.#parents.get(top); parent !== undefined; parent = this.#parents.get(top)) top = parent
    for (let each = member; each !== top; ) {
      const parent = this.#parents.get(each)!
      this.#parents.set(each, top)
      each = parent
    }
    return top
  }

  /** Makes one group of those of two members. */
  join(one: string, other: string): void {
    const [first, second] = [this.of(one), this.of(other)]
    if (first !== second) this.#parents.set(first, second)
  }
}
