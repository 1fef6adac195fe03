/** Findings on the newest scrape of each store, which hold nothing. Equal findings of one company are combined. */
import { foldedCode, isSameCode } from '@splitcart/shared/codes.ts'
import type { Finding } from '@splitcart/shared/truth/finding.ts'
import { RULES } from '@splitcart/shared/truth/rules.ts'
import type { Sql } from '../../database/sql.ts'
import { findCompanyId } from './find-products.ts'

/** The newest scrape with the finding. `sha256`: of its file. */
export type FindingExample = Readonly<{
  store_id: string
  store_name: string
  date: string
  sha256: string
  sentence: string
}>

/** A finding on a company, with the stores that have it. */
export type ChainFinding = Readonly<{
  company: string
  rule: string
  field: string | null
  brief: string
  stores: readonly string[]
  example: FindingExample
}>

type NewestLoad = Readonly<{
  company: string
  store_id: string
  store_name: string
  date: string
  sha256: string
  verdicts: string
}>

/** The current findings, those on the most stores first. Takes some microseconds per store. */
export async function chainFindings(database: Sql): Promise<ChainFinding[]> {
  const newest = await database.all<NewestLoad>(
    `select company.shown as company, store.shown as store_id, store.name as store_name, last_date as date, sha256, verdicts
      from source join load on load.id = source.load_id join store on store.id = source.store_id
      join company on company.id = store.company_id
      where verdicts is not null and verdicts <> '[]' order by company.shown, store.shown`,
  )
  const found = new Map<string, ChainFinding>()
  for (const load of newest) for (const finding of findingsOf(load)) combine(found, load, finding)
  return [...found.values()].toSorted((one, other) => other.stores.length - one.stores.length)
}

/** The findings on this store, since the findings of a file may be on many stores. */
function findingsOf({ company, store_id, verdicts }: NewestLoad): Finding[] {
  const isHere = ({ company: other, store }: Finding) =>
    other == null || (isSameCode(other, company) && isSameCode(store ?? '', store_id))
  return (JSON.parse(verdicts) as Finding[]).filter(
    (each) => !each.held && Object.hasOwn(RULES, each.rule) && isHere(each),
  )
}

function combine(found: Map<string, ChainFinding>, load: NewestLoad, { rule, field, brief, sentence }: Finding): void {
  const { company, store_id, store_name, date, sha256 } = load
  const words = brief ?? RULES[rule]!.about
  const key = JSON.stringify([company, rule, field, words])
  const known = found.get(key)
  if (known?.stores.includes(store_id)) return
  const stores = [...(known?.stores ?? []), store_id]
  const example = { store_id, store_name, date, sha256, sentence }
  const isNewer = known === undefined || date > known.example.date
  found.set(key, { company, rule, field, brief: words, stores, example: isNewer ? example : known.example })
}

/** A message if the company or store is unknown, else undefined: a belief about a misspelt name would have no effect. */
export async function unknownName(database: Sql, company: string, store: string | null): Promise<string | undefined> {
  const companyId = await findCompanyId(database, company)
  if (companyId === undefined) return `the company ${JSON.stringify(company)} is not known`
  if (store === null) return undefined
  const found = await database.get(
    'select 1 as found from store where company_id = ? and code = ?',
    companyId,
    foldedCode(store),
  )
  return found === undefined ? `${company} has no store ${JSON.stringify(store)}` : undefined
}
