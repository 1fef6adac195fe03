/** What the simulated scrapers write: small files of every fate, some with the same name, some with the same bytes. */
import { createHash } from 'node:crypto'
import { holdBy } from '../../packages/data-management/test/hold.ts'
import type { Chance } from '../../packages/data-management/test/random.ts'

export const SCRAPED_AT = new Date(Date.UTC(2025, 8, 23))

export type Row = Readonly<{ product: object; metadata: object }>

/** A file that a scraper means to write, and what must become of it. */
export type Scraped = Readonly<{ fileName: string; rows: readonly Row[] }>

/** What is known of the bytes of a file: its digest, and how its load must end. */
export type Known = Readonly<{
  sha256: string
  lines: number
  bad: readonly number[]
  fate: 'loaded' | 'held' | 'failed'
}>

const NAMES = ['a.jsonl', 'b.jsonl']
// Good and bad rows, and rows that the keys may not write: loaded, loaded with a reject, held (two of four are bad), failed.
const SHAPES = ['g', 'g', 'gg', 'g', 'gg', 'ggggbgg', 'gggfggg', 'ggbb', 'b', 'f']

/** What the keys of all scrapers may write. */
export const ONLY_FOR: readonly string[] = ['x']

/** From this share of rejects on a file is held; see SHAPES. */
export const HOLD = holdBy({ HOLD_ROWS_MIN: 1_000 })

/** What each of two scrapers writes. */
export function scrapesFor(chance: Chance): [Scraped[], Scraped[]] {
  const [first, second]: [Scraped[], Scraped[]] = [[], []]
  const count = chance.of([1, 1, 2, 2, 3])
  for (let number = 0; number < count; number++) {
    const rows = [...chance.of(SHAPES)].map((shape, at) => rowOf(`${number} ${at}`, shape))
    const scraped = { fileName: chance.of(NAMES), rows }
    first.push(scraped)
    if (!chance.is(0.5)) continue
    const isOther = chance.is(0.5)
    const otherRows = isOther ? [rowOf(`other ${number}`, 'g')] : rows
    second.push({ fileName: chance.is(0.6) ? scraped.fileName : chance.of(NAMES), rows: otherRows })
  }
  return [first, second]
}

/** All contents that may come about, by their text: those of the scrapes, and their beginnings, which are what can be salvaged. */
export function knownContents(scrapes: readonly Scraped[]): Map<string, Known> {
  const known = new Map<string, Known>()
  for (const { rows } of scrapes)
    for (let length = 1; length <= rows.length; length++) {
      const text = rows.slice(0, length).map(lineOf).join('')
      if (!known.has(text)) known.set(text, aboutText(text, rows.slice(0, length)))
    }
  return known
}

function aboutText(text: string, rows: readonly Row[]): Known {
  const bad = rows.flatMap((row, at) => (isGood(row) ? [] : [at + 1]))
  const isFailed = bad.length === rows.length
  const isHeld = bad.length > 1 && bad.length / rows.length > HOLD.thresholds.HOLD_REJECTS_SHARE
  const sha256 = createHash('sha256').update(text).digest('hex')
  return { sha256, lines: rows.length, bad, fate: isFailed ? 'failed' : isHeld ? 'held' : 'loaded' }
}

// As JsonlWriter writes it.
function lineOf({ product, metadata }: Row): string {
  return `${JSON.stringify({ product, metadata: { ...metadata, scraped_at: SCRAPED_AT.toISOString() } })}\n`
}

function rowOf(key: string, shape: string): Row {
  const name = shape === 'b' ? {} : { name: key, normalized_name_brand_size: key }
  const product = { sku: key, ...name, price_current: 1 }
  const company = shape === 'f' ? 'somebody else' : 'x'
  return { product, metadata: { company, scraped_date: '2025-09-23', store_id: 'y' } }
}

function isGood({ product, metadata }: Row): boolean {
  return 'name' in product && 'company' in metadata && ONLY_FOR.includes(String(metadata.company))
}
