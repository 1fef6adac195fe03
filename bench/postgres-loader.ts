/**
 * A loader of the benchmark: `postgres-loader.ts ADDRESS SHA256:FILE …` loads files into PostgreSQL as `update-db` does, which
 * has their digests from the ledger and is running when they come: it says when it is ready, and begins when its input ends.
 */
import { text } from 'node:stream/consumers'
import { openPostgresCatalogue } from '@splitcart/data-management/catalogue/dialects/postgres/catalogue.ts'
import { loadFile } from '@splitcart/data-management/update-db/load-file.ts'
import { ReaderClient } from '@splitcart/data-management/update-db/reader-client.ts'
import { orderOf } from './loading.ts'

const [address = '', ...files] = process.argv.slice(2)
await using catalogue = await openPostgresCatalogue(address, { connections: 3 })
await using reader = new ReaderClient()
const orders = files.map((file) => orderOf(file.slice(65), file.slice(0, 64)))
process.stdout.write('ready\n')
await text(process.stdin)
for (const [index, order] of orders.entries()) {
  for (const each of orders.slice(index, index + 2)) reader.expect(each)
  await loadFile(catalogue, { ...order, reader })
}
