/**
 * Stores known under several codes. The ledger records what people said; the catalogue, which code leads where. A
 * scrape belongs to the store that its code leads to, and keeps its own code. If the target changes, it is re-added.
 */
import type { Figures } from '@splitcart/shared/truth/figures.ts'
import type { Sql } from '../../database/sql.ts'
import type { StoreAlias } from '../catalogue.ts'
import { insertFigures } from '../references.ts'
import { updateRenamedListings } from './labels.ts'
import { ensureStores } from './names.ts'
import { regroupProducts } from './products.ts'
import { addScrape, rowsOfStoredScrape, type ScrapeLoad, type ScrapeRecord } from './scrapes.ts'
import { NO_SAMPLE, type StagedScrape, sortScrapes } from './staged-scrape.ts'
import { type LoadDatabase, records, type Statements, sql } from './statement.ts'
import { renameCompanies } from './store-names.ts'
import { deleteUnused, removeScrapes } from './undo.ts'
import { type AddedScrape, updateNames } from './update-names.ts'

/** For those of these codes that are aliases: the code that each leads to, by index in `stores`. */
export async function findAliases(
  database: Statements,
  stores: readonly Pick<StoreAlias, 'company' | 'code'>[],
): Promise<Map<number, string>> {
  const found = await database.all<{ place: number; into_code: string }>(
    sql`select wanted.place, into_code from ${codeRecords(stores)}
      join store_alias on store_alias.company = wanted.company and store_alias.code = wanted.code`,
  )
  return new Map(found.map(({ place, into_code }) => [place, into_code]))
}

/** Whether the catalogue's aliases differ from these. */
export async function haveAliasesChanged(database: Sql, aliases: readonly StoreAlias[]): Promise<boolean> {
  return changedAliases(await readAliases(database), aliases).length > 0
}

/** Replaces the aliases, and moves the scrapes of codes that lead elsewhere now. The caller has exclusive access. */
export async function mergeStores(database: LoadDatabase, aliases: readonly StoreAlias[]): Promise<void> {
  const changed = changedAliases(await readAliases(database.queries), aliases)
  await database.bumpVersion()
  await database.script('delete from store_alias; delete from observed')
  const lines = aliases.map(({ company, code, into }) => [company, code, into])
  await database.bulkInsert({ table: 'store_alias', columns: ['company', 'code', 'into_code'] }, lines)
  const stored = await scrapesOfCodes(database, changed)
  if (stored.length === 0) return
  const moved = await restage(database, stored)
  await removeScrapes(database, stored)
  // Must come first: an added scrape may get the id of the removed scrape that a company took its name from.
  await renameCompanies(
    database.queries,
    stored.map(({ companyId }) => companyId),
  )
  const added: AddedScrape[] = []
  const companyIds = moved.map(({ companyId }) => companyId)
  for (const scrape of sortScrapes(moved)) {
    const { id, isContested } = await addScrape(database, scrape, { ...scrape.load, companyIds })
    if (scrape.figures !== null) await insertFigures(database.queries, { ...scrape, id, figures: scrape.figures })
    added.push({ scrape, id, isContested })
  }
  await updateNames(database, added)
  await updateRenamedListings(database)
  await regroupProducts(database)
  await deleteUnused(database, stored)
  await database.script('delete from observed')
}

/** A stored scrape; `own` is the store code in its file, `into` the code that it leads to now. */
type StoredScrape = ScrapeRecord &
  Pick<StagedScrape, 'companyCode' | 'storeName' | 'state' | 'companyName' | 'companyWritten' | 'storeWritten'> &
  Readonly<{ own: string; into: string; listings: number; figures: string | null; loadId: number; rankedAt: number }>

type RestagedScrape = StagedScrape & Readonly<{ load: ScrapeLoad }>

async function scrapesOfCodes(database: LoadDatabase, changed: readonly StoreAlias[]): Promise<StoredScrape[]> {
  const found: StoredScrape[] = []
  for (const { company, code, into } of changed)
    found.push(
      ...(await database.all<StoredScrape>(
        sql`select scrape.id, store_id as "storeId", store.code as "storeCode", company_id as "companyId", date,
            company.code as "companyCode", store_name as "storeName", scrape.state, company_name as "companyName",
            company_code as "companyWritten", store_code as "storeWritten", listings, load_id as "loadId",
            ranked_at as "rankedAt", cast(${code} as text) as own, cast(${into} as text) as "into",
            (select figures from figures where figures.scrape_id = scrape.id) as figures
          from company join store on store.company_id = company.id join scrape on scrape.store_id = store.id
          where company.code = ${company}
            and (merged_from = ${code} or (merged_from = '' and store.code = ${code})) order by scrape.id`,
      )),
    )
  return found
}

/** Stages the rows of stored scrapes, like those of a file. */
async function restage(database: LoadDatabase, stored: readonly StoredScrape[]): Promise<RestagedScrape[]> {
  const stores = stored.map(({ companyCode, into }) => ({ company: companyCode, code: into, name: into }))
  const companies = new Map(stored.map(({ companyCode, companyId }) => [companyCode, companyId]))
  const ids = await ensureStores(database, stores, companies)
  const moved: RestagedScrape[] = []
  for (const [number, scrape] of stored.entries()) {
    await database.run(
      sql`insert into observed select cast(${number} as bigint), whole.* from (${await rowsOfStoredScrape(database, scrape)}) as whole`,
    )
    const { own, into, figures, loadId, rankedAt, ...rest } = scrape
    moved.push({
      ...rest,
      number,
      storeId: ids[number]!,
      storeCode: into,
      mergedFrom: own === into ? '' : own,
      scrapedAt: rankedAt,
      figures: figures === null ? null : (JSON.parse(figures) as Figures),
      sampled: NO_SAMPLE,
      hasBarcodes: true,
      load: { loadId, rankedAt },
    })
  }
  return moved
}

/** The codes whose target changed, each with its new target; a former alias leads to itself. */
function changedAliases(before: readonly StoreAlias[], now: readonly StoreAlias[]): StoreAlias[] {
  const leads = (aliases: readonly StoreAlias[]) => new Map(aliases.map((each) => [aliasKey(each), each.into]))
  const [had, has] = [leads(before), leads(now)]
  const gone = before.filter((each) => !has.has(aliasKey(each))).map((each) => ({ ...each, into: each.code }))
  return [...gone, ...now.filter((each) => had.get(aliasKey(each)) !== each.into)]
}

function aliasKey({ company, code }: Pick<StoreAlias, 'company' | 'code'>): string {
  return JSON.stringify([company, code])
}

function readAliases(database: Sql): Promise<StoreAlias[]> {
  return Promise.resolve(database.all<StoreAlias>('select company, code, into_code as "into" from store_alias'))
}

function codeRecords(stores: readonly Pick<StoreAlias, 'company' | 'code'>[]) {
  return records('wanted', { place: 'integer', company: 'text', code: 'text' }, [
    stores.map((_, place) => place),
    stores.map(({ company }) => company),
    stores.map(({ code }) => code),
  ])
}
