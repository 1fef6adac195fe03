/** The known barcodes of a company's SKUs. */
import { foldedCode } from '@splitcart/shared/codes.ts'
import type { Sql } from '../../database/sql.ts'
import { BARCODE_OF_LISTING } from '../listing-barcode.ts'
import { slicesOf } from '../load/batches.ts'

/** A SKU with the barcode that its listing has now. */
export type KnownBarcode = Readonly<{ sku: string; barcode: string }>

const SKUS_AT_ONCE = 500

/** The known barcodes of some SKUs of a company, in the order of the SKUs. */
export async function knownBarcodes(database: Sql, company: string, skus: readonly string[]): Promise<KnownBarcode[]> {
  const found: KnownBarcode[] = []
  for (const some of slicesOf(skus, SKUS_AT_ONCE)) {
    const wanted = some.map(() => '?').join(', ')
    // Includes SKUs that no scrape has shown yet.
    const sql = `select code as sku, ${BARCODE_OF_LISTING} as barcode from listing
        where company_id = (select id from company where code = ?) and by_name = 0 and code in (${wanted})
      union select sku, barcode from fed_barcode
        where company_id = (select id from company where code = ?) and sku in (${wanted}) and not exists (
          select 1 from listing where listing.company_id = fed_barcode.company_id and by_name = 0 and code = sku)`
    const values = [foldedCode(company), ...some, foldedCode(company), ...some]
    const known = await database.all<{ sku: string; barcode: string | null }>(sql, ...values)
    for (const { sku, barcode } of known) if (barcode !== null) found.push({ sku, barcode })
  }
  return found.sort((one, other) => (one.sku < other.sku ? -1 : 1))
}
