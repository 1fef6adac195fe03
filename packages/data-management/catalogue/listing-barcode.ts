/** The barcode of a listing, as SQL for both databases: its own, else the one that a list of barcodes has for it. */

export const BARCODE_OF_LISTING = `coalesce(listing.barcode, (select fed_barcode.barcode from fed_barcode
  where fed_barcode.company_id = listing.company_id and fed_barcode.sku = listing.code and listing.by_name = 0))`
