/** A sender judges its scrape by what the server knows, before it sends it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openReceiver } from '../packages/data-management/test/receiver.ts'
import { scrape } from '../packages/data-management/test/shop.ts'
import { referencesFrom } from '../packages/scraping/references-client.ts'

test('a key that may only upload is told what its own companies are compared with, and of others nothing', async () => {
  await using receiver = await openReceiver()
  const articles = Array.from({ length: 30 }, (_, place) => ({
    sku: `s${place}`,
    name: `Oats ${place}`,
    price: place + 1,
  }))
  await scrape(receiver, 'northmart/S1', '2026-05-01', articles)
  await scrape(receiver, 'northmart/S2', '2026-05-01', articles)
  const server = new URL(receiver.url)
  const asked = { company: 'northmart', store: 'S1', date: '2026-05-02' }
  const own = await referencesFrom(server, receiver.key, asked)
  assert.deepEqual([own.own?.date, own.own?.figures.rows, own.usual], ['2026-05-01', 30, [30]])
  const first = await referencesFrom(server, receiver.key, { ...asked, store: 'S9' })
  assert.deepEqual([first.own, first.sisters.length], [undefined, 2])
  assert.deepEqual(await referencesFrom(server, receiver.key, { ...asked, company: 'southmart' }), {
    usual: [],
    sisters: [],
  })
  const { text: limited } = await receiver.ledger.keys.create(
    { name: 'limited', scopes: ['upload'], onlyFor: ['southmart'], expiresAt: null },
    Date.now(),
  )
  await assert.rejects(referencesFrom(server, limited, asked), /may not/)
  await assert.rejects(referencesFrom(new URL('http://data.example.org'), limited, asked), /expected https/)
})
