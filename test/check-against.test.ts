/** A sender judges its scrape by what the server knows, before it sends it. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openReceiver } from '../packages/data-management/test/receiver.ts'
import { scrape } from '../packages/data-management/test/shop.ts'
import { fetchBaseline, fetchBaselineIfAvailable } from '../packages/scraping/references-client.ts'
import { shop } from '../packages/shared/test/truth-cases.ts'
import { openMachines } from './machines.ts'

test('a key that may only upload is told what its own companies are compared with, and of others nothing', async () => {
  await using receiver = await openReceiver()
  const articles = Array.from({ length: 30 }, (_, place) => ({
    sku: `s${place}`,
    name: `Oats ${place}`,
    price: place + 1,
  }))
  await scrape(receiver, 'northmart/S1', '2026-05-01', articles)
  await scrape(receiver, 'northmart/S2', '2026-05-01', articles)
  const said = { company: 'northmart', store: null, rule: 'flag_constant', field: null }
  await receiver.ledger.beliefs.add({ ...said, at: 1000, who: 'me', reason: 'a secret' })
  const server = new URL(receiver.url)
  const asked = { company: 'northmart', store: 'S1', date: '2026-05-02' }
  const { references: own, beliefs } = await fetchBaseline(server, receiver.key, asked)
  assert.deepEqual(beliefs, [{ id: 1, ...said, since: new Date(1000).toISOString() }])
  assert.deepEqual([own.own?.date, own.own?.figures.rows, own.usual], ['2026-05-01', 30, [30]])
  const { references: first } = await fetchBaseline(server, receiver.key, { ...asked, store: 'S9' })
  assert.deepEqual([first.own, first.sisters.length], [undefined, 2])
  assert.deepEqual(await fetchBaseline(server, receiver.key, { ...asked, company: 'southmart' }), {
    references: { usual: [], sisters: [] },
    beliefs: [],
  })
  const { text: limited } = await receiver.ledger.keys.create(
    { name: 'limited', scopes: ['upload'], onlyFor: ['southmart'], expiresAt: null },
    Date.now(),
  )
  await assert.rejects(fetchBaseline(server, limited, asked), /may not/)
  assert.equal(await fetchBaselineIfAvailable(server, limited, asked), undefined)
  await assert.rejects(fetchBaseline(new URL('http://data.example.org'), limited, asked), /expected https/)
})

test('upload-data --check keeps what the server would hold in the outbox, and sends it once that is believed', async () => {
  await using machines = await openMachines()
  const server = await machines.serve()
  const key = await machines.key()
  const outbox = join(machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true })
  const write = (date: string, isAvailable: boolean) => {
    const metadata = { company: 'northmart', store_id: 'S1', scraped_date: date }
    const rows = shop().map((product) => ({ product: { ...product, is_available: isAvailable }, metadata }))
    return writeFile(join(outbox, `${date}.jsonl`), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  }
  await write('2026-05-01', true)
  assert.equal((await machines.upload(server, key, '--check', '--wait')).code, 0)
  await write('2026-05-02', false)
  const doubted = await machines.upload(server, key, '--check')
  assert.equal(doubted.code, 3)
  assert.match(doubted.stdout, /HOLDS IT {2}flag_turned: is_available of 100%/)
  assert.match(doubted.stdout, /finding {3}flag_constant: is_available is false in all 100 rows/)
  assert.match(doubted.stdout, /skipped {5}2026-05-02\.jsonl: The server would hold it: is_available of 100%/)
  assert.deepEqual(await machines.names('scraping', 'product_outbox'), ['2026-05-02.jsonl'])
  const believe = ['findings', 'believe', 'Northmart/S1', 'flag_turned', '--reason', 'they never say']
  assert.match(
    (await machines.run(believe)).stdout,
    /^Noted as 1: northmart\/s1 flag_turned is believed from now on\.$/m,
  )
  const sent = await machines.upload(server, key, '--check', '--wait')
  assert.match(sent.stdout, /believed since \d{4}-\d\d-\d\d {2}flag_turned/)
  assert.match(sent.stdout, /loaded {6}2026-05-02\.jsonl/)
  assert.match(
    (await machines.run(['findings'])).stdout,
    /flag_constant +S1 of northmart: is_available is false in every row/,
  )
  assert.match(
    (await machines.run(['findings', 'beliefs'])).stdout,
    /northmart\/s1 flag_turned, says .*: they never say/,
  )
  assert.match((await machines.run(['findings', 'undo', '1'])).stdout, /1 is taken back/)
  assert.match((await machines.run(['findings', 'undo', '1'])).stderr, /1 is no belief that counts/)
})
