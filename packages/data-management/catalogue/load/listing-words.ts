/** Writes the search words of listings, and the spellings that typed words are matched with. */
import { type CategoryPath, categoryPathsOf, NO_CATEGORY_PATH } from '../category-paths.ts'
import { type Shelf, shelfOf } from '../model/head-noun.ts'
import { isMarkedWord, searchWordsOf } from '../model/search-words.ts'
import { indexVariantsOf } from '../model/spelling.ts'
import { slicesOf } from './batches.ts'
import { type LoadDatabase, records, sql } from './statement.ts'

const PAGE_LISTINGS = 500
const WORDS_AT_ONCE = 1_000
// Spellings are written once there are so many words, so that memory does not grow with the file.
const WORDS_MAX = 20_000

/** Renamed listings with their old and new labels. Both planners keep this order of left joins and look-ups. */
export const RENAMED = sql`(
    select listing_id, label_id, (select label_id from listing where listing.id = renamed.listing_id) as now_id from renamed
  ) as renamed left join label as old on old.id = renamed.label_id left join label as now on now.id = renamed.now_id`

type RenamedListing = {
  listing_id: number
  company_id: number
  category_id: number | null
  name: string | null
  brand: string | null
  size: string | null
}

/** Writes the search words of all listings, for a catalogue that has none yet. */
export async function indexAllWords(database: LoadDatabase): Promise<void> {
  await database.script('insert into unworded select id from listing where true on conflict do nothing')
  await indexUnworded(database)
}

/** Writes the search words of the listings in `unworded`. */
export async function indexUnworded(database: LoadDatabase): Promise<void> {
  await database.script(`delete from renamed;
    insert into renamed select id, null from listing where id in (select listing_id from unworded)`)
  await indexWords(database)
  await database.script('delete from unworded; delete from renamed')
}

/** Writes the search words of every renamed listing whose name, brand, size or category changed. */
export async function indexWords(database: LoadDatabase): Promise<void> {
  let words = new Set<string>()
  for (let last = 0; ; ) {
    const page = await database.all<RenamedListing>(
      sql`select renamed.listing_id, now.name, brand.name as brand, now.size, now.category_id,
          (select company_id from listing where listing.id = renamed.listing_id) as company_id
        from ${RENAMED} left join brand on brand.id = now.brand_id
        where renamed.listing_id > ${last}
          and (now.name is distinct from old.name or now.brand_id is distinct from old.brand_id
            or now.size is distinct from old.size or now.category_id is distinct from old.category_id)
        order by renamed.listing_id limit ${PAGE_LISTINGS}`,
    )
    if (page.length === 0) break
    for (const word of await writeWordsOfPage(database, page)) words.add(word)
    last = page.at(-1)!.listing_id
    if (words.size < WORDS_MAX) continue
    await addSpellings(database, [...words])
    words = new Set()
  }
  await addSpellings(database, [...words])
}

/** Writes the words of a page of listings, and returns those from their names and brands. */
async function writeWordsOfPage(database: LoadDatabase, page: readonly RenamedListing[]): Promise<string[]> {
  const shelfOfCategory = await findShelves(database, page)
  const written = page.map(({ listing_id: listingId, company_id: companyId, category_id, name, brand, size }) => {
    const { path, shelf } = shelfOfCategory(category_id)
    return { listingId, words: name === null ? null : searchWordsOf({ companyId, name, brand, size, ...path }, shelf) }
  })
  await database.writeSearchWords(written)
  return written.flatMap(({ words }) => words?.filter((word) => !isMarkedWord(word)) ?? [])
}

type CategoryShelf = Readonly<{ path: CategoryPath; shelf: Shelf }>
const NO_SHELF: CategoryShelf = { path: NO_CATEGORY_PATH, shelf: shelfOf([]) }

/** Looks up the categories of these listings. They are few, and each is parsed only once. */
async function findShelves(
  database: LoadDatabase,
  page: readonly RenamedListing[],
): Promise<(id: number | null) => CategoryShelf> {
  const paths = await categoryPathsOf(
    database.queries,
    page.map(({ category_id }) => category_id),
  )
  const shelves = new Map([...paths].map(([id, path]) => [id, { path, shelf: shelfOf(path.categories) }] as const))
  return (id) => shelves.get(id ?? 0) ?? NO_SHELF
}

async function addSpellings(database: LoadDatabase, words: readonly string[]): Promise<void> {
  for (const some of slicesOf(words, WORDS_AT_ONCE)) {
    const known = await database.all<{ word: string }>(
      sql`select spelling.word from ${records('wanted', { word: 'text' }, [some])}
        join spelling on spelling.variant = wanted.word and spelling.word = wanted.word`,
    )
    const isKnown = new Set(known.map(({ word }) => word))
    const fresh = some.filter((word) => !isKnown.has(word))
    const lines = fresh.flatMap((word) => indexVariantsOf(word).map((variant) => [variant, word] as const))
    if (lines.length === 0) continue
    await database.lock('products')
    const columns = [lines.map(([variant]) => variant), lines.map(([, word]) => word)]
    await database.insertMissing(records('spelling', { variant: 'text', word: 'text' }, columns))
  }
}
