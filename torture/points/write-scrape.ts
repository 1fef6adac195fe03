/** A scraper: `write-scrape.ts STORE ...` writes one scrape of each store and prints each that is in the outbox. */
import { JsonlWriter } from '@splitcart/scraping/jsonl-writer.ts'
import { rowsOf, SCRAPED_AT } from './files.ts'

const [, , ...stores] = process.argv
const now = new Date(SCRAPED_AT)

for (const store of stores) {
  await using writer = await JsonlWriter.open(process.env.SCRAPING_DATA_DIR!, { fileName: `${store}.jsonl`, now })
  for (const row of rowsOf(store)) await writer.write(row)
  const { sha256 } = await writer.commit()
  process.stdout.write(`${JSON.stringify({ sha256 })}\n`)
}
