/** The addresses of the pictures of a product. */
import type { Sql } from '../../database/sql.ts'
import type { ListingName } from '../catalogue.ts'
import { currentProductId } from './products.ts'

// The most listings that are read: more than any product should have.
const LISTINGS_MAX = 200
// More than one: if a shop does not answer, another one may.
const ADDRESSES_MAX = 3

/** The picture addresses of one listing of a product, or of the first listings that have one. */
export async function findPictureAddresses(
  database: Sql,
  number: number,
  listing: ListingName | undefined,
): Promise<string[]> {
  const of = listing === undefined ? '' : 'and company.code = ? and listing.by_name = ? and listing.code = ?'
  const values = listing === undefined ? [] : [listing.company, listing.byName, listing.code]
  const shown = await database.all<{ image_url: string | null }>(
    `select label.image_url from listing join company on company.id = listing.company_id join label on label.id = listing.label_id
      where listing.product_id = ? ${of} order by company.code, listing.by_name, listing.code limit ${LISTINGS_MAX}`,
    await currentProductId(database, number),
    ...values,
  )
  const usable = shown.flatMap(({ image_url }) => (image_url !== null && isUsable(image_url) ? [image_url] : []))
  return [...new Set(usable)].slice(0, ADDRESSES_MAX)
}

/** Whether this is an HTTPS address, and not a template with placeholders. */
function isUsable(address: string): boolean {
  return /^https:\/\//i.test(address) && !/[{}]/.test(address)
}
