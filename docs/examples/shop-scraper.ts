/** A scraper of a web shop, page by page: `node bin/node.js docs/examples/shop-scraper.ts http://127.0.0.1:8080/p/1` fills the outbox. */
import { JsonlWriter } from '@splitcart/scraping/jsonl-writer.ts'

const [start = 'http://127.0.0.1:8080/p/1', dataDir = 'scraping/data'] = process.argv.slice(2)
const metadata = { company: 'cornershop', store_id: 'S1', scraped_date: new Date().toISOString().slice(0, 10) }

function textOf(page: string, pattern: RegExp): string {
  return pattern.exec(page)?.[1]?.trim() ?? ''
}

// A page that cannot be had throws, and then nothing is in the outbox: half a shop is no scrape.
await using writer = await JsonlWriter.open(dataDir)
const waiting = [start]
for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  const page = await response.text()
  const name = textOf(page, /<h1>([^<]*)/)
  const product = {
    sku: textOf(page, /data-sku="([^"]*)"/),
    name,
    normalized_name_brand_size: name.toLowerCase(),
    price_current: textOf(page, /class="price">\$([^<]*)/),
    url,
  }
  await writer.write({ product, metadata })
  for (const [, path = ''] of page.matchAll(/class="next" href="([^"]*)"/g)) waiting.push(new URL(path, url).href)
}
const { name, rows } = await writer.commit()
process.stdout.write(`${name}: ${rows} rows\n`)
