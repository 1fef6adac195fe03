/**
 * Groups listings into products by what they say now (model/partition.ts). A listing affects only the listings that it
 * can be joined with, directly or through others: these are grouped together, independently of all others.
 *
 * The number of a product is the smallest id of its listings. So each number that a product ever had is the id of a
 * listing, and leads to the product that this listing is part of now.
 */
import { type IdentityKey, type KeyKind, keyText, SILENT, sizesOf } from '../model/identity.ts'
import { type ListingVerdict, type Member, partitionOf } from '../model/partition.ts'
import { updateKeys } from './listing-keys.ts'
import { namingListingsOf } from './naming-listings.ts'
import { type GroupListing, type RegroupLimits, recordRegrouped, recordTooManyLinked } from './regrouped.ts'
import { type ColumnType, idRecords, type LoadDatabase, records, sql } from './statement.ts'

const PAGE_SEEDS = 1_000

/**
 * Regroups the listings that say something else than before. The caller holds the products lock. With `limits`, more
 * than `listingsMax` linked listings are left as they are, and that is recorded: such a load must be rolled back.
 */
export async function regroupProducts(database: LoadDatabase, limits?: RegroupLimits): Promise<void> {
  const verdicts = await database.get(sql`select 1 as found from verdict limit 1`)
  await updateKeys(database, verdicts !== undefined)
  for (let page = PAGE_SEEDS; ; ) {
    const seeds = await database.all<{ listing_id: number }>(
      sql`select listing_id from seed order by listing_id limit ${page}`,
    )
    if (seeds.length === 0) return
    const linked = new LinkedListings(database, verdicts !== undefined)
    await linked.extend(
      seeds.map(({ listing_id }) => listing_id),
      limits?.listingsMax ?? Number.POSITIVE_INFINITY,
    )
    if (linked.isTooLarge && page === 1) {
      recordTooManyLinked(limits!, [...linked.listings.values()], linked)
      return
    }
    page = linked.isTooLarge ? Math.ceil(page / 32) : PAGE_SEEDS
    if (linked.isTooLarge) continue
    await regroup(database, linked, limits)
    const done = idRecords([...linked.listings.keys(), ...seeds.map((each) => each.listing_id)])
    await database.run(sql`delete from seed where listing_id in (select id from ${done})`)
  }
}

/** All listings that the seeds can be joined with, directly or through others. */
class LinkedListings {
  readonly listings = new Map<number, GroupListing>()
  readonly #keys = new Map<number, IdentityKey[]>()
  readonly verdicts = new Map<string, ListingVerdict>()
  /** The keys of a listing that are not silent. */
  readonly keysOf = ({ id }: GroupListing): readonly IdentityKey[] => this.#keys.get(id) ?? []
  isTooLarge = false
  readonly #database: LoadDatabase
  readonly #hasVerdicts: boolean
  readonly #keysSeen = new Set<string>()
  readonly #productsSeen = new Set<number>()

  constructor(database: LoadDatabase, hasVerdicts: boolean) {
    this.#database = database
    this.#hasVerdicts = hasVerdicts
  }

  /** Adds linked listings until there are no more; sets `isTooLarge` and stops beyond `listingsMax`. */
  async extend(seeds: readonly number[], listingsMax: number): Promise<void> {
    for (let open = seeds; open.length > 0; ) {
      this.isTooLarge = this.listings.size + open.length > listingsMax
      if (this.isTooLarge) return
      const found = await this.#describe(open)
      const linked = [
        await this.#withKeysOf(found),
        await this.#inProductsOf(found),
        await this.#withSameVerdict(found),
      ]
      open = [...new Set(linked.flat())].filter((id) => !this.listings.has(id))
    }
  }

  async #describe(ids: readonly number[]): Promise<GroupListing[]> {
    const found = await this.#database.all<GroupListing>(
      sql`select listing.id, listing.product_id, listing.head_id, company.code as company, listing.by_name, listing.code, label.name, label.size,
          case when exists (select 1 from renamed where renamed.listing_id = listing.id and renamed.label_id is null) then 1 else 0 end
            as is_new
        from ${idRecords(ids)} join listing on listing.id = wanted.id join company on company.id = listing.company_id
        left join label on label.id = listing.label_id`,
    )
    for (const listing of found) this.listings.set(listing.id, listing)
    return found
  }

  async #withKeysOf(listings: readonly GroupListing[]): Promise<number[]> {
    const keys = await this.#database.all<{ listing_id: number; kind: KeyKind; value: string }>(
      sql`select listing_id, kind, value from ${nonSilentKeyRecords({ id: 'integer' }, [listings.map(({ id }) => id)])}
        join listing_key on listing_key.listing_id = wanted.id and listing_key.silent = wanted.silent`,
    )
    const unseen = new Map<string, IdentityKey>()
    for (const { listing_id, kind, value } of keys) {
      const text = keyText({ kind, value })
      if (!this.#keysSeen.has(text)) unseen.set(text, { kind, value })
      this.#keysSeen.add(text)
      this.#keys.set(listing_id, [...(this.#keys.get(listing_id) ?? []), { kind, value }])
    }
    if (unseen.size === 0) return []
    const wanted = nonSilentKeyRecords({ kind: 'smallint', value: 'text' }, [
      [...unseen.values()].map(({ kind }) => kind),
      [...unseen.values()].map(({ value }) => value),
    ])
    return await this.#ids(
      sql`select listing_id as id from ${wanted} join listing_key
        on listing_key.kind = wanted.kind and listing_key.value = wanted.value and listing_key.silent = wanted.silent`,
    )
  }

  async #inProductsOf(listings: readonly GroupListing[]): Promise<number[]> {
    const unseen = new Set(listings.map(({ product_id }) => product_id).filter((id) => !this.#productsSeen.has(id)))
    for (const id of unseen) this.#productsSeen.add(id)
    if (unseen.size === 0) return []
    return await this.#ids(
      sql`select listing.id from ${idRecords([...unseen])} join listing on listing.product_id = wanted.id`,
    )
  }

  async #withSameVerdict(listings: readonly GroupListing[]): Promise<number[]> {
    if (!this.#hasVerdicts || listings.length === 0) return []
    const found = await this.#database.all<VerdictRow & { id: number | null }>(
      sql`select wanted.id as own_id, verdict.other_company, verdict.other_by_name, verdict.other_code, verdict.is_same, other.id
        from ${idRecords(listings.map(({ id }) => id))} join listing on listing.id = wanted.id
        join company on company.id = listing.company_id
        join verdict on verdict.company = company.code and verdict.by_name = listing.by_name and verdict.code = listing.code
        left join company as other_company on other_company.code = verdict.other_company
        left join listing as other on other.company_id = other_company.id and other.by_name = verdict.other_by_name
          and other.code = verdict.other_code`,
    )
    for (const verdict of found) this.#addVerdict(verdict)
    return found.flatMap(({ id, is_same }) => (is_same === 1 && id !== null ? [id] : []))
  }

  #addVerdict({ own_id, other_company, other_by_name, other_code, is_same }: VerdictRow): void {
    const one = nameOf(this.listings.get(own_id)!)
    const other = nameOf({ company: other_company, by_name: other_by_name, code: other_code })
    this.verdicts.set([one, other].sort().join(' '), { one, other, isSame: is_same === 1 })
  }

  async #ids(statement: ReturnType<typeof sql>): Promise<number[]> {
    return (await this.#database.all<{ id: number }>(statement)).map(({ id }) => id)
  }
}

type VerdictRow = Readonly<{
  own_id: number
  other_company: string
  other_by_name: number
  other_code: string
  is_same: number
}>

/**
 * Records for finding keys that are not silent. `silent` is a column of the records: as a constant in the statement it
 * would look so selective in a new catalogue that the planner reads all such keys first, and again for each record.
 */
function nonSilentKeyRecords(
  types: Readonly<Record<string, ColumnType>>,
  columns: readonly (readonly (string | number)[])[],
) {
  const silent = columns[0]!.map(() => SILENT.no)
  return records('wanted', { ...types, silent: 'smallint' }, [...columns, silent])
}

/** The natural key of a listing as text. No code contains a NUL. */
function nameOf({ company, by_name, code }: Pick<GroupListing, 'company' | 'by_name' | 'code'>): string {
  return `${company}\0${by_name}${code}`
}

async function regroup(
  database: LoadDatabase,
  linked: LinkedListings,
  limits: RegroupLimits | undefined,
): Promise<void> {
  const all = [...linked.listings.values()]
  // A listing that no scrape shows any more is about to be deleted, whatever verdicts there are on it.
  const unshown = all.filter(({ name }) => name === null)
  const byName = new Map(all.flatMap((each) => (each.name === null ? [] : [[nameOf(each), each] as const])))
  const members: Member[] = [...byName].map(([name, listing]) => ({
    name,
    keys: linked.keysOf(listing),
    sizes: sizesOf({ name: listing.name!, size: listing.size }),
  }))
  const joined = partitionOf(members, [...linked.verdicts.values()]).map((group) =>
    group.map(({ name }) => byName.get(name)!),
  )
  const groups = [...joined, ...unshown.map((listing) => [listing])]
  const { keysOf } = linked
  const heads = await namingListingsOf(
    database,
    groups.map((group) => group.map((each) => ({ ...each, name: nameOf(each), keys: keysOf(each) }))),
  )
  if (limits !== undefined) {
    const withVerdict = new Set(
      [...linked.verdicts.values()].flatMap(({ one, other, isSame }) => (isSame ? [one, other] : [])),
    )
    recordRegrouped(limits, { groups, heads, keysOf, hasSameVerdict: (each) => withVerdict.has(nameOf(each)) })
  }
  await storeProducts(
    database,
    groups.map((group, index) => ({ group, headId: heads[index]!.id })),
  )
}

/** Stores the products' numbers, and as `head_id` of that listing the one that names the product, if it is another. */
async function storeProducts(
  database: LoadDatabase,
  products: readonly Readonly<{ group: readonly GroupListing[]; headId: number }>[],
): Promise<void> {
  const changed: [id: number, productId: number, headId: number | null][] = []
  for (const { group, headId } of products) {
    const productId = group.reduce((least, { id }) => Math.min(least, id), Number.POSITIVE_INFINITY)
    for (const { id, product_id, head_id } of group) {
      const head = id === productId && headId !== id ? headId : null
      if (product_id !== productId || head_id !== head) changed.push([id, productId, head])
    }
  }
  if (changed.length === 0) return
  const given = records('given', { listing_id: 'integer', product_id: 'integer', head_id: 'integer' }, [
    changed.map(([id]) => id),
    changed.map(([, productId]) => productId),
    changed.map(([, , headId]) => headId),
  ])
  await database.run(
    sql`update listing set product_id = given.product_id, head_id = given.head_id
      from ${given} where listing.id = given.listing_id`,
  )
}
