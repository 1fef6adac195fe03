/** People's verdicts on listings, which decide products: the ledger keeps all of them, the catalogue those in force. */
import { foldedCode } from '@splitcart/shared/codes.ts'
import type { ListingName, VerdictInForce } from '../catalogue.ts'
import { regroupProducts } from './products.ts'
import { type LoadDatabase, records, sql } from './statement.ts'

type VerdictRow = readonly [
  company: string,
  byName: number,
  code: string,
  otherCompany: string,
  otherByName: number,
  otherCode: string,
  isSame: number,
]

const TYPES = {
  company: 'text',
  by_name: 'smallint',
  code: 'text',
  other_company: 'text',
  other_by_name: 'smallint',
  other_code: 'text',
  is_same: 'smallint',
} as const

/** Replaces the verdicts, and regroups the listings whose verdicts changed. Returns whether any did. */
export async function replaceVerdicts(database: LoadDatabase, verdicts: readonly VerdictInForce[]): Promise<boolean> {
  const before = await database.all<Readonly<Record<keyof typeof TYPES, string | number>>>(sql`select * from verdict`)
  const had = new Map(
    before.map((record) =>
      keyedRow(Object.keys(TYPES).map((column) => record[column as keyof typeof TYPES]) as unknown as VerdictRow),
    ),
  )
  const wanted = new Map(verdicts.flatMap(rowsInBothDirections).map(keyedRow))
  const gone = [...had].flatMap(([text, line]) => (wanted.has(text) ? [] : [line]))
  const fresh = [...wanted].flatMap(([text, line]) => (had.has(text) ? [] : [line]))
  if (gone.length + fresh.length === 0) return false
  await database.run(
    sql`delete from verdict where (company, by_name, code, other_company, other_by_name, other_code) in (
      select company, by_name, code, other_company, other_by_name, other_code from ${verdictRecords(gone)})`,
  )
  await database.bulkInsert({ table: 'verdict', columns: Object.keys(TYPES) }, fresh)
  await database.run(
    sql`insert into unsettled select listing.id from ${verdictRecords([...gone, ...fresh])}
      join company on company.code = said.company
      join listing on listing.company_id = company.id and listing.by_name = said.by_name and listing.code = said.code
      where true on conflict do nothing`,
  )
  await regroupProducts(database)
  return true
}

function keyedRow(line: VerdictRow): [string, VerdictRow] {
  return [JSON.stringify(line), line]
}

/** The verdict in both directions, so that it is found from either listing. */
function rowsInBothDirections({ one, other, isSame }: VerdictInForce): VerdictRow[] {
  const line = (a: ListingName, b: ListingName): VerdictRow => [
    foldedCode(a.company),
    a.byName,
    a.code,
    foldedCode(b.company),
    b.byName,
    b.code,
    isSame ? 1 : 0,
  ]
  return [line(one, other), line(other, one)]
}

function verdictRecords(lines: readonly VerdictRow[]) {
  return records(
    'said',
    TYPES,
    Object.keys(TYPES).map((_, column) => lines.map((line) => line[column]!)),
  )
}
