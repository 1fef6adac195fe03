/**
 * A loader of the benchmark: `postgres-loader.ts ADDRESS SHA256:FILE …` loads files into PostgreSQL as `update-db` does, which
 * has their digests from the ledger and is running when they come: it says when it is ready, and begins when its input ends.
 */
import { text } from 'node:stream/consumers'
import { openPostgresCatalogue } from '@splitcart/data-management/catalogue/dialects/postgres/catalogue.ts'
import { ReaderClient } from '@splitcart/data-management/update-db/reader-client.ts'
import { loadInOrder, orderOf } from './loading.ts'

const [address = '', ...files] = process.argv.slice(2)
await using catalogue = await openPostgresCatalogue(address, { connections: 3 })
await using reader = new ReaderClient()
const orders = files.map((file) => orderOf(file.slice(65), file.slice(0, 64)))
process.stdout.write('ready\n')
await text(process.stdin)
await loadInOrder(catalogue, reader, orders)
