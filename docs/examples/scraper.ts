/** A scraper's last step: `node bin/node.js docs/examples/scraper.ts` leaves a file in product_outbox. */
import { JsonlWriter } from '@splitcart/scraping/jsonl-writer.ts'

const metadata = { company: 'cornershop', store_id: 'S1', store_name: 'Corner Shop', scraped_date: '2026-07-01' }
await using writer = await JsonlWriter.open('scraping/data')
for (const [sku, name, price] of [['1001', 'Milk 2L', 3.1] as const, ['1002', 'Rye Bread 700g', 4.5] as const]) {
  const product = { sku, name, normalized_name_brand_size: name.toLowerCase(), price_current: price }
  await writer.write({ product, metadata })
}
const { name, rows, rejectable } = await writer.commit()
process.stdout.write(`${name}: ${rows} rows, of which the server will reject ${rejectable.rows}\n`)
