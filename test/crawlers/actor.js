// An actor of Apify: node actor.js SHOP FAILED
import { intoOutbox } from '@splitcart/jsonl-writer/crawlee'
import { Actor, Dataset } from 'apify'
import { visitAll } from './visit.js'

const [shop, failed] = process.argv.slice(2)
const rowOf = ({ price, ...item }) => ({ ...item, price_current: price })
await Actor.init()
const outbox = await intoOutbox(Dataset, 'data', { company: 'cornershop', store: 'S1', rowOf })
await visitAll(shop, async (item, number) => {
  await Actor.pushData(number % 7 === 0 ? [item, item] : item)
})
await outbox.commit({ requestsFailed: Number(failed) })
await Actor.exit()
