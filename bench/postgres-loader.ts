/** A loader of the benchmark: `node bench/postgres-loader.ts ADDRESS FILE …` loads files into PostgreSQL as `update-db` does. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { openPostgresCatalogue } from '@splitcart/data-management/catalogue/postgres/catalogue.ts'
import { bytesOf, type Stored } from '@splitcart/data-management/inbox/stored.ts'
import { type LoadOrder, loadFile } from '@splitcart/data-management/update-db/load-file.ts'
import { ThreadReader } from '@splitcart/data-management/update-db/thread-reader.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { LINE_BYTES_MAX } from '@splitcart/shared/lines.ts'

const [address = '', ...paths] = process.argv.slice(2)
await using catalogue = await openPostgresCatalogue(address, 3)
await using reader = new ThreadReader(undefined)
const orders = await Promise.all(paths.map(orderOf))
for (const [index, order] of orders.entries()) {
  for (const each of orders.slice(index, index + 2)) reader.expect(each)
  await loadFile(catalogue, order)
}

async function orderOf(path: string): Promise<LoadOrder> {
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
  const stored: Stored = { path, sha256, isCompressed: false, place: 'inbox' }
  return {
    file: { sha256, filename: path, receivedAt: 0 },
    bytes: () => bytesOf(realDisk(), stored),
    stored,
    lineBytesMax: LINE_BYTES_MAX,
    hold: undefined,
    reader,
    now: Date.now,
  }
}
