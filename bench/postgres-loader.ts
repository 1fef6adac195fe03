/**
 * A loader of the benchmark: `postgres-loader.ts ADDRESS SHA256:FILE …` loads files into PostgreSQL as `update-db` does, which
 * has their digests from the ledger and is running when they come: it says when it is ready, and begins when its input ends.
 */
import { text } from 'node:stream/consumers'
import { openPostgresCatalogue } from '@splitcart/data-management/catalogue/dialects/postgres/catalogue.ts'
import { bytesOf, type Stored } from '@splitcart/data-management/inbox/stored.ts'
import { type LoadOrder, loadFile } from '@splitcart/data-management/update-db/load-file.ts'
import { ThreadReader } from '@splitcart/data-management/update-db/thread-reader.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { LINE_BYTES_MAX } from '@splitcart/shared/lines.ts'

const [address = '', ...files] = process.argv.slice(2)
await using catalogue = await openPostgresCatalogue(address, { connections: 3 })
await using reader = new ThreadReader()
const orders = files.map(orderOf)
process.stdout.write('ready\n')
await text(process.stdin)
for (const [index, order] of orders.entries()) {
  for (const each of orders.slice(index, index + 2)) reader.expect(each)
  await loadFile(catalogue, order)
}

function orderOf(file: string): LoadOrder {
  const [sha256, path] = [file.slice(0, 64), file.slice(65)]
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
