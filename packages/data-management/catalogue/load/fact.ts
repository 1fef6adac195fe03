/** Facts as they are read from the rows of list files (stores, barcodes). */

/** What a row says of a store: coordinates in ten millionths of a degree, flags as 0 and 1. */
export type StoreFact = Readonly<{
  company: string
  store: string
  date: string
  name: string | null
  address: string | null
  suburb: string | null
  state: string | null
  postcode: string | null
  latitudeE7: number | null
  longitudeE7: number | null
  phone: string | null
  isOpen: number | null
}>

/** What a row says of the barcode of a SKU. */
export type BarcodeFact = Readonly<{ company: string; sku: string; date: string; barcode: string }>

/** How many stores or SKUs got their first facts, and how many got different ones. */
export type FactsChange = Readonly<{ inserted: number; changed: number }>
