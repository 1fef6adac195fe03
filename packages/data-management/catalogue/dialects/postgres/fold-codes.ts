/** Folds the codes of companies and stores that an older version stored as written. */
import { foldedCode } from '@splitcart/shared/codes.ts'
import type { PostgresDatabase } from '../../../database/postgres.ts'
import { lockCatalogueExclusive } from './locks.ts'

type CodedRow = Readonly<{ id: number; company_id: number; code: string }>

/** Folds unfolded codes. Usually there are none, and no lock is taken. */
export async function foldCodes(database: PostgresDatabase): Promise<void> {
  if ((await database.get("select 1 from company where shown = '' limit 1")) === undefined) return
  await database.transaction(async (transaction) => {
    await lockCatalogueExclusive(transaction)
    for (const [table, group] of [
      ['company', '0'],
      ['store', 'company_id'],
    ] as const) {
      const all = await transaction.all<CodedRow>(
        `select id, ${group} as company_id, code from ${table} where shown = '' order by id`,
      )
      const taken = new Set(all.filter(({ code }) => code === foldedCode(code)).map(codeInCompany))
      for (const each of all) {
        const folded = { ...each, code: foldedCode(each.code) }
        const isFree = each.code === folded.code || !taken.has(codeInCompany(folded))
        taken.add(codeInCompany(folded))
        const sql = `update ${table} set shown = code, code = ? where id = ?`
        await transaction.run(sql, isFree ? folded.code : each.code, each.id)
      }
    }
    await transaction.run(
      `insert into unsettled select listing.id from listing join company on company.id = company_id
        where shown <> company.code on conflict do nothing`,
    )
    return 0
  })
}

function codeInCompany({ company_id, code }: CodedRow): string {
  return `${company_id} ${code}`
}
