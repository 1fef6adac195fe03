// A crawler of Crawlee: node dataset.js SHOP FAILED
import { Dataset } from '@crawlee/core'
import { intoOutbox } from '@splitcart/jsonl-writer/crawlee'
import { visitAll } from './visit.js'

const [shop, failed] = process.argv.slice(2)
const rowOf = ({ price, ...item }) => ({ ...item, price_current: price })
const outbox = await intoOutbox(Dataset, 'data', { company: 'cornershop', store: 'S1', rowOf })
await visitAll(shop, async (item, number) => {
  await Dataset.pushData(item)
  if (number % 7 === 0) await (await Dataset.open()).pushData([item])
})
await outbox.commit({ requestsFailed: Number(failed) })
