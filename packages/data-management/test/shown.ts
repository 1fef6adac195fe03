/** What companies show, as tests of products load it. */
import type { Catalogue } from '../catalogue/catalogue.ts'
import { exportProducts } from '../catalogue/export.ts'
import type { LoadRecord } from '../catalogue/loads.ts'
import type { HoldPolicy } from '../update-db/judgement.ts'
import { loadFile } from '../update-db/load-file.ts'
import { holdBy } from './hold.ts'
import { sha256Of } from './receiver.ts'

/** An article as a shop shows it. */
export type Shown = Readonly<{
  sku: string
  name: string
  key?: string
  size?: string
  barcode?: string | number | null
  price_current?: number
}>
/** How its file is sent. */
export type Sent = Readonly<{ hold?: HoldPolicy; onlyFor?: readonly string[]; store?: string }>

/** How these are judged. */
export const HOLD = holdBy({
  HOLD_ROWS_MIN: 1_000,
  HOLD_REJECTS_SHARE: 1,
  HOLD_MERGED_PRODUCTS: 5,
  HOLD_DAYS_AHEAD: 100_000,
  HOLD_NAMES_SHARE: 0,
})

/** Loads what a company shows on a day of May. */
export function show(
  catalogue: Catalogue,
  [company, day]: [string, number],
  shown: readonly Shown[],
  { store = 'S1', ...sent }: Sent = {},
): Promise<LoadRecord> {
  const metadata = { company, store_id: store, scraped_date: `2026-05-${String(day).padStart(2, '0')}` }
  const lines = shown.map(({ key, ...product }) =>
    JSON.stringify({
      product: { normalized_name_brand_size: key ?? product.name.toLowerCase(), price_current: 2, ...product },
      metadata,
    }),
  )
  return loadLines(catalogue, day, lines, sent)
}

function loadLines(catalogue: Catalogue, day: number, lines: readonly string[], sent: Sent): Promise<LoadRecord> {
  const bytes = Buffer.from(lines.join('\n'))
  return loadFile(catalogue, {
    file: { sha256: sha256Of(bytes), filename: `${day}.jsonl`, receivedAt: day },
    bytes: async function* () {
      yield bytes
    },
    lineBytesMax: 100_000,
    hold: undefined,
    ...sent,
    now: () => day,
  })
}

/** The products, each by the SKUs of its listings. */
export async function productsIn(catalogue: Catalogue): Promise<string[]> {
  const found = await Array.fromAsync(exportProducts(catalogue.database))
  return found.map(({ listings }) => listings.map(({ company, sku }) => `${company} ${sku}`).join(' = ')).sort()
}

/** How many there are. */
export async function count(catalogue: Catalogue): Promise<number> {
  return (await productsIn(catalogue)).length
}

/** A barcode with a right check digit. */
export function gtinOf(number: number): string {
  const digits = `9300601${String(number).padStart(5, '0')}`
  const sum = [...digits].reduce((total, digit, at) => total + Number(digit) * (at % 2 === 0 ? 1 : 3), 0)
  return `${digits}${(10 - (sum % 10)) % 10}`
}

/** Some of them. */
export const GTIN = ['9300600000013', '9300600000020', '9300600000037', '9300600000044']
