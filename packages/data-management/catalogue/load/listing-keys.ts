/**
 * The identity keys of listings: what each listing says now that may join it with others. A key is silent for a company
 * that shows it on listings of different name or size, or on too many (model/identity.ts): then it joins none of them.
 *
 *   what a listing says has changed ─▶ its keys ─▶ which of them are silent ─▶ `seed`: the listings whose product may be another one now
 *
 * Most keys are new and no other listing has them: those cost one look-up.
 */
import { BARCODE_OF_LISTING } from '../listing-barcode.ts'
import {
  identityKeysOf,
  KEY_KINDS,
  KEY_LISTINGS_MAX,
  type KeyKind,
  keyText,
  SILENT,
  type Silence,
  silenceOf,
} from '../model/identity.ts'
import {
  type ColumnType,
  idRecords,
  type LoadDatabase,
  type Records,
  records,
  type Statement,
  sql,
  sqlText,
} from './statement.ts'

const BARCODE = sqlText(BARCODE_OF_LISTING)

const PAGE_LISTINGS = 2_000
const PAGE_KEYS = 1_000

/** A key of a listing, as stored in `listing_key`. */
type ListingKey = Readonly<{ kind: KeyKind; value: string; silent: Silence; company_id: number; listing_id: number }>
type CompanyKey = Omit<ListingKey, 'listing_id' | 'silent'>

/** A listing whose label or barcode may have changed. `old_name` is null if it had no label before. */
type ChangedListing = Readonly<{
  listing_id: number
  company_id: number
  company: string
  barcode: string | null
  name: string | null
  key: string | null
  size: string | null
  old_name: string | null
  old_size: string | null
}>

const COMPANY_KEY_TYPES = { kind: 'smallint', value: 'text', company_id: 'integer' } as const
const KEY_TYPES = { ...COMPANY_KEY_TYPES, silent: 'smallint', listing_id: 'integer' } as const
const SILENCE_TYPES = { ...COMPANY_KEY_TYPES, silent: 'smallint', speaking: 'smallint' } as const
const KEY_COLUMNS = ['kind', 'value', 'silent', 'company_id', 'listing_id'] as const

/**
 * Updates the keys of the listings in `renamed` and `unsettled`, and adds to `seed` those whose product may change.
 * `seedsAll`: adds all of them.
 */
export async function updateKeys(database: LoadDatabase, seedsAll: boolean): Promise<void> {
  await eachPage(database, sql`select listing_id, label_id from renamed`, (page) =>
    updatePage(database, page, seedsAll),
  )
  await eachPage(database, sql`select listing_id, cast(null as integer) as label_id from unsettled`, (page) =>
    updatePage(database, page, true),
  )
  await database.script('delete from unsettled')
  await updateSilence(database)
}

async function eachPage(database: LoadDatabase, from: Statement, update: (page: ChangedListing[]) => Promise<void>) {
  for (let last = 0; ; ) {
    const page = await database.all<ChangedListing>(
      sql`select changed.listing_id, listing.company_id, company.code as company, ${BARCODE} as barcode,
          now.name, now.key, now.size, old.name as old_name, old.size as old_size
        from (
          select listing_id, label_id from (${from}) as all_changed where listing_id > ${last}
            order by listing_id limit ${PAGE_LISTINGS}
        ) as changed
        join listing on listing.id = changed.listing_id join company on company.id = listing.company_id
        left join label as now on now.id = listing.label_id left join label as old on old.id = changed.label_id
        order by changed.listing_id`,
    )
    if (page.length === 0) return
    await update(page)
    last = page.at(-1)!.listing_id
  }
}

async function updatePage(database: LoadDatabase, page: readonly ChangedListing[], seedsAll: boolean): Promise<void> {
  const before = await keysBefore(database, page, seedsAll)
  const gained: ListingKey[] = []
  const lost: ListingKey[] = []
  const touched: ListingKey[] = []
  const seeds = new Set<number>()
  for (const listing of page) {
    const now = keysOf(listing)
    const had = before.get(listing.listing_id) ?? []
    const removed = had.filter((key) => !hasKey(now, key))
    const isOther = listing.name !== listing.old_name || listing.size !== listing.old_size
    gained.push(...now.filter((key) => !hasKey(had, key)))
    lost.push(...removed)
    touched.push(...[...removed, ...(isOther ? now.filter((key) => hasKey(had, key)) : [])].filter(mayJoin))
    if (seedsAll || (listing.old_name !== null && (isOther || removed.length > 0))) seeds.add(listing.listing_id)
  }
  for (const key of await keysSharedWithOthers(database, gained)) {
    touched.push(key)
    seeds.add(key.listing_id)
  }
  await removeKeys(database, lost)
  const made = gained.map((key) => KEY_COLUMNS.map((column) => key[column]))
  if (made.length > 0) await database.bulkInsert({ table: 'listing_key', columns: KEY_COLUMNS }, made)
  await markTouched(database, touched, seeds)
}

/** The stored keys by listing. Listings that had no label before have none. */
async function keysBefore(database: LoadDatabase, page: readonly ChangedListing[], seedsAll: boolean) {
  const ids = page.flatMap(({ listing_id, old_name }) => (old_name !== null || seedsAll ? [listing_id] : []))
  if (ids.length === 0) return new Map<number, ListingKey[]>()
  const found = await database.all<ListingKey>(
    sql`select kind, value, silent, company_id, listing_id from ${idRecords(ids)} join listing_key on listing_key.listing_id = wanted.id`,
  )
  return Map.groupBy(found, ({ listing_id }) => listing_id)
}

function keysOf({ listing_id, company_id, company, barcode, name, key, size }: ChangedListing): ListingKey[] {
  if (name === null || key === null) return []
  return identityKeysOf({ company, name, key, size, barcode }).map((each) => ({
    ...each,
    silent: each.kind === KEY_KINDS.text ? SILENT.always : SILENT.no,
    company_id,
    listing_id,
  }))
}

function hasKey(keys: readonly ListingKey[], { kind, value }: ListingKey): boolean {
  return keys.some((key) => key.kind === kind && key.value === value)
}

function mayJoin({ kind }: ListingKey): boolean {
  return kind !== KEY_KINDS.text
}

/** Those of the new keys that another listing has too. */
async function keysSharedWithOthers(database: LoadDatabase, all: readonly ListingKey[]): Promise<ListingKey[]> {
  const gained = all.filter(mayJoin)
  if (gained.length === 0) return []
  const byKey = Map.groupBy(gained, keyText)
  const wanted = records('wanted', { place: 'integer', kind: 'smallint', value: 'text' }, [
    gained.map((_, place) => place),
    gained.map(({ kind }) => kind),
    gained.map(({ value }) => value),
  ])
  const existing = await database.all<{ place: number }>(
    sql`select place from ${wanted} where exists (
      select 1 from listing_key where listing_key.kind = wanted.kind and listing_key.value = wanted.value)`,
  )
  const shared = new Set(existing.map(({ place }) => gained[place]!))
  for (const keys of byKey.values()) if (keys.length > 1) for (const key of keys) shared.add(key)
  return [...shared]
}

async function removeKeys(database: LoadDatabase, keys: readonly ListingKey[]): Promise<void> {
  if (keys.length === 0) return
  await database.run(
    sql`delete from listing_key where (kind, value, silent, company_id, listing_id) in (
      select kind, value, silent, company_id, listing_id from ${keyRecords('gone', KEY_TYPES, keys)})`,
  )
}

async function markTouched(
  database: LoadDatabase,
  touched: readonly ListingKey[],
  seeds: ReadonlySet<number>,
): Promise<void> {
  if (touched.length > 0)
    await database.run(
      sql`insert into touched_key (kind, value, company_id)
        select kind, value, company_id from ${keyRecords('touched', KEY_TYPES, touched)} where true on conflict do nothing`,
    )
  if (seeds.size > 0)
    await database.run(sql`insert into seed select id from ${idRecords(seeds)} where true on conflict do nothing`)
}

function keyRecords<Column extends string>(
  name: string,
  types: Readonly<Record<Column, ColumnType>>,
  lines: readonly Readonly<Record<NoInfer<Column>, number | string>>[],
): Records {
  const columns = Object.keys(types) as Column[]
  return records(
    name,
    types,
    columns.map((column) => lines.map((line) => line[column])),
  )
}

// All of a company's listings with a key. All values of `silent` are listed so that both planners use the whole index.
const IS_COMPANY_KEY = sql`listing_key.kind = touched.kind and listing_key.value = touched.value
  and listing_key.silent in (0, 1, 2, 3) and listing_key.company_id = touched.company_id`

type CountedKey = CompanyKey & Readonly<{ listings: number }>

/** Recomputes which of the keys in `touched_key` are silent, and empties it. */
async function updateSilence(database: LoadDatabase): Promise<void> {
  for (;;) {
    const page = await database.all<CountedKey>(
      sql`select kind, value, company_id, (
          select count(*) from (select 1 from listing_key where ${IS_COMPANY_KEY} limit ${KEY_LISTINGS_MAX + 1}) as counted
        ) as listings
        from touched_key as touched order by kind, value, company_id limit ${PAGE_KEYS}`,
    )
    if (page.length === 0) return
    const silent = await silenceOfKeys(database, page)
    await setSilence(
      database,
      page.map((key) => ({ ...key, silent: silent.get(companyKeyText(key)) ?? SILENT.no })),
    )
  }
}

function companyKeyText({ kind, value, company_id }: CompanyKey): string {
  return `${kind} ${company_id} ${value}`
}

async function silenceOfKeys(database: LoadDatabase, page: readonly CountedKey[]): Promise<Map<string, Silence>> {
  const silent = new Map<string, Silence>()
  for (const key of page) if (key.listings > KEY_LISTINGS_MAX) silent.set(companyKeyText(key), SILENT.many)
  const several = page.filter(({ listings }) => listings > 1 && listings <= KEY_LISTINGS_MAX)
  if (several.length === 0) return silent
  const shown = await database.all<CompanyKey & { name: string; size: string | null }>(
    sql`select touched.kind, touched.value, touched.company_id, label.name, label.size
      from ${keyRecords('touched', COMPANY_KEY_TYPES, several)} join listing_key on ${IS_COMPANY_KEY}
      join listing on listing.id = listing_key.listing_id join label on label.id = listing.label_id`,
  )
  for (const [text, listings] of Map.groupBy(shown, companyKeyText)) silent.set(text, silenceOf(listings))
  return silent
}

/** Stores which keys of a company are silent, and adds to `seed` the listings whose product may change by it. */
async function setSilence(database: LoadDatabase, keys: readonly (CompanyKey & { silent: Silence })[]): Promise<void> {
  const lines = keys.map((key) => ({ ...key, speaking: SILENT.no }))
  const touched = keyRecords('touched', SILENCE_TYPES, lines)
  await database.run(
    sql`insert into seed select listing_key.listing_id from ${touched} join listing_key on ${IS_COMPANY_KEY}
      where listing_key.silent <> touched.silent on conflict do nothing`,
  )
  await database.run(
    sql`update listing_key set silent = touched.silent from ${touched} where ${IS_COMPANY_KEY} and listing_key.silent <> touched.silent`,
  )
  await database.run(
    sql`insert into seed select listing_key.listing_id from ${touched} join listing_key
        on listing_key.kind = touched.kind and listing_key.value = touched.value and listing_key.silent = touched.speaking
      where true on conflict do nothing`,
  )
  await database.run(
    sql`delete from touched_key where (kind, value, company_id) in (
      select kind, value, company_id from ${touched})`,
  )
}
