/** What rows of lists say, as they are read. */

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

/** How many facts are new, and of how many things what holds now is another. */
export type FactsChange = Readonly<{ inserted: number; changed: number }>
