/** The barcodes that are known of what a company sells, by its SKUs. */
import { foldedCode } from '@splitcart/shared/codes.ts'
import type { Sql } from '../../database/sql.ts'

/** A SKU with the barcode that its listing has now. */
export type KnownBarcode = Readonly<{ sku: string; barcode: string }>

const SKUS_AT_ONCE = 500

/** Those of some SKUs of a company that are known, by SKU. */
export async function knownBarcodes(database: Sql, company: string, skus: readonly string[]): Promise<KnownBarcode[]> {
  const found: KnownBarcode[] = []
  for (let from = 0; from < skus.length; from += SKUS_AT_ONCE) {
    const some = skus.slice(from, from + SKUS_AT_ONCE)
    const sql = `select code as sku, barcode from listing
      where company_id = (select id from company where code = ?) and by_name = 0 and barcode is not null
        and code in (${some.map(() => '?').join(', ')})`
    found.push(...(await database.all<KnownBarcode>(sql, foldedCode(company), ...some)))
  }
  return found.sort((one, other) => (one.sku < other.sku ? -1 : 1))
}
