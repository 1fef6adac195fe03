/** Scrapes of small invented shops, uploaded and loaded as a receiver does it, for tests of what is asked about them. */
import assert from 'node:assert/strict'
import type { Details } from '@splitcart/shared/row-details.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import type { LoadRecord } from '../catalogue/loads.ts'
import type { HoldPolicy } from '../update-db/judgement.ts'
import { loadFile } from '../update-db/load-file.ts'
import { get, postGzip, type Receiver, sha256Of } from './receiver.ts'

/** What a shop sells. Prices are dollars, as in a file. */
export type Article = Readonly<{
  sku: string | null
  name: string
  price: number
  key?: string
  brand?: string
  barcode?: string
  size?: string
  was?: number
  special?: boolean
  available?: boolean
  path?: readonly string[]
  image?: string
  /** What else is told of it. */
  details?: Details
}>

/** Articles of these names, with SKUs and prices in their order. */
export function named(...names: string[]): Article[] {
  return names.map((name, index) => ({ sku: `s${index}`, name, price: 1 + index }))
}

/** The text of a file: one store on one date. */
export function scrapeText(store: string, date: string, articles: readonly Article[]): string {
  const [company = '', code = ''] = store.split('/')
  const metadata = { company, store_name: `${company} ${code}`, store_id: code, state: 'qld', scraped_date: date }
  return articles
    .map((article) => {
      const product = {
        sku: article.sku,
        name: article.name,
        normalized_name_brand_size: article.key ?? article.name.toLowerCase().replaceAll(' ', ''),
        brand: article.brand,
        barcode: article.barcode,
        size: article.size,
        image_url: article.image,
        category_path: article.path ?? [],
        price_current: article.price,
        price_was: article.was,
        is_on_special: article.special,
        is_available: article.available,
        ...article.details,
      }
      return `${JSON.stringify({ product, metadata })}\n`
    })
    .join('')
}

const FILENAME = 'scrape.jsonl'

/** An upload that was loaded, held or failed. */
export type BroughtIn = Readonly<{ id: string; sha256: string; load: LoadRecord }>

/** Loads a text as update-db does a file that it finds in the inbox. */
export function loadText(
  { catalogue }: Receiver,
  text: string,
  { receivedAt, hold }: { receivedAt: number; hold?: HoldPolicy | undefined },
): Promise<LoadRecord> {
  return loadFile(catalogue, {
    file: { sha256: sha256Of(text), filename: FILENAME, receivedAt },
    bytes: async function* () {
      yield Buffer.from(text)
    },
    lineBytesMax: 1024 * 1024,
    hold,
    now: () => receivedAt,
  })
}

/** Uploads a text and deals with it as update-db does. */
export async function bringIn(
  receiver: Receiver,
  text: string,
  { receivedAt = Date.now(), hold }: { receivedAt?: number; hold?: HoldPolicy } = {},
): Promise<BroughtIn> {
  const { status, body } = await postGzip(receiver, `${FILENAME}.gz`, text)
  assert.equal(status, 201, JSON.stringify(body))
  const { id, sha256 } = body as { id: string; sha256: string }
  const load = await loadText(receiver, text, { receivedAt, hold })
  await receiver.ledger.uploads.settle(id, load.state, load.result, receivedAt)
  return { id, sha256, load }
}

/** Uploads and loads a scrape. */
export function scrape(
  receiver: Receiver,
  store: string,
  date: string,
  articles: readonly Article[],
): Promise<BroughtIn> {
  return bringIn(receiver, scrapeText(store, date, articles), { receivedAt: Date.parse(date) + 10 * HOUR_MS })
}

/** An asking function with a key that may read. The answer must be a success. */
export async function reader(receiver: Receiver): Promise<<T>(path: string) => Promise<T>> {
  const asking = { url: receiver.url, key: await receiver.makeKey('read') }
  return async <T>(path: string) => {
    const { status, body } = await get(asking, path)
    assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`)
    return body as unknown as T
  }
}
