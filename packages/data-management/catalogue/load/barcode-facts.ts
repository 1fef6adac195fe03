/**
 * Facts from files of the kind `barcodes`: barcodes for listings that show none of their own, also for future listings.
 * They are looked up wherever a listing's barcode is needed, not copied into the listing.
 */
import { deleteEmptyCompanies } from './empty-companies.ts'
import type { BarcodeFact, FactsChange } from './fact.ts'
import { hasLaterLoads, rankOfLoad } from './first-shown.ts'
import { ensureCompanies } from './names.ts'
import { regroupProducts } from './products.ts'
import type { RegroupLimits } from './regrouped.ts'
import { type LoadDatabase, records, sql } from './statement.ts'

const BARCODE_FACT_TYPES = { company_id: 'integer', sku: 'text', date: 'text', barcode: 'text' } as const

/** Inserts facts, creating missing companies, and returns how many were new in this load. */
export async function insertBarcodes(
  database: LoadDatabase,
  loadId: number,
  facts: readonly BarcodeFact[],
): Promise<number> {
  const companies = await ensureCompanies(database, [...new Set(facts.map(({ company }) => company))])
  const given = records('given', BARCODE_FACT_TYPES, [
    facts.map(({ company }) => companies.get(company)!),
    facts.map(({ sku }) => sku),
    facts.map(({ date }) => date),
    facts.map(({ barcode }) => barcode),
  ])
  return database.run(
    sql`insert into barcode_fact (load_id, company_id, sku, date, barcode)
      select cast(${loadId} as bigint), company_id, sku, date, barcode from ${given} where true on conflict do nothing`,
  )
}

/** Applies the facts of a load where they are the newest, and joins listings by them. */
export async function applyBarcodes(
  database: LoadDatabase,
  loadId: number,
  limits: RegroupLimits,
): Promise<FactsChange> {
  await collectSkus(database, loadId)
  if (await hasLaterLoads(database, await rankOfLoad(database, loadId))) await seedListingsOfSkus(database)
  return applyNewestFacts(database, limits)
}

/** Removes the facts of a load, and companies of which nothing else is known. */
export async function withdrawBarcodes(database: LoadDatabase, loadId: number): Promise<void> {
  await collectSkus(database, loadId)
  await seedListingsOfSkus(database)
  await database.run(sql`delete from barcode_fact where load_id = ${loadId}`)
  await applyNewestFacts(database)
  await deleteEmptyCompanies(database, sql`select distinct company_id from fed where barcode is null`)
}

async function collectSkus(database: LoadDatabase, loadId: number): Promise<void> {
  await database.script('delete from fed')
  await database.run(
    sql`insert into fed (company_id, sku) select distinct company_id, sku from barcode_fact where load_id = ${loadId}`,
  )
}

/** Adds the listings of the SKUs in `fed` to `seed`: their products may take their names from other listings. */
async function seedListingsOfSkus(database: LoadDatabase): Promise<void> {
  await database.run(
    sql`insert into seed select id from (
        select (select id from listing where company_id = fed.company_id and by_name = 0 and code = fed.sku) as id from fed
      ) as known where id is not null on conflict do nothing`,
  )
}

/** Gives the SKUs in `fed` their newest barcodes; counts those that had none and those that had another. */
async function applyNewestFacts(database: LoadDatabase, limits?: RegroupLimits): Promise<FactsChange> {
  await database.script(`
    update fed set barcode = fact.barcode from (
      select barcode_fact.*, row_number() over (
        partition by barcode_fact.company_id, barcode_fact.sku
        order by barcode_fact.date desc, load.ranked_at desc, load.sha256 desc
      ) as place
      from fed as touched join barcode_fact on barcode_fact.company_id = touched.company_id and barcode_fact.sku = touched.sku
      join load on load.id = barcode_fact.load_id
    ) as fact where fact.company_id = fed.company_id and fact.sku = fed.sku and fact.place = 1`)
  const counted = await database.get<FactsChange>(
    sql`select coalesce(sum(case when known.barcode is null then 1 else 0 end), 0) as inserted,
        coalesce(sum(case when known.barcode <> fed.barcode then 1 else 0 end), 0) as changed
      from fed left join fed_barcode as known on known.company_id = fed.company_id and known.sku = fed.sku`,
  )
  await database.script(`
    insert into unsettled select listing.id from fed
      join listing on listing.company_id = fed.company_id and listing.by_name = 0 and listing.code = fed.sku
      left join fed_barcode as known on known.company_id = fed.company_id and known.sku = fed.sku
      where listing.barcode is null and known.barcode is distinct from fed.barcode on conflict do nothing;
    delete from fed_barcode where (company_id, sku) in (select company_id, sku from fed where barcode is null);
    insert into fed_barcode (company_id, sku, barcode) select company_id, sku, barcode from fed where barcode is not null
      on conflict (company_id, sku) do update set barcode = excluded.barcode;
  `)
  const waiting = sql`select 1 as one from unsettled union all select 1 from seed`
  if ((await database.get(sql`select one from (${waiting}) as waiting limit 1`)) !== undefined) {
    await database.lock('products')
    await regroupProducts(database, limits)
  }
  return { inserted: Number(counted!.inserted), changed: Number(counted!.changed) }
}
