/** A scrape that lies, from its hold to what a person makes of it: released as it is, repaired, taken back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { type Product, shop } from '@splitcart/shared/test/truth-cases.ts'
import type { Finding } from '@splitcart/shared/truth/finding.ts'
import { defaultThresholds } from '@splitcart/shared/truth/thresholds.ts'
import type { BeliefView, FindingsView } from '../http/routes/findings-schema.ts'
import type { Overview } from '../http/routes/overview.ts'
import type { RepairView } from '../http/routes/repair.ts'
import type { UploadAction } from '../ledger/database.ts'
import { receiptOf, repairFor } from '../ledger/receipt-of.ts'
import type { Upload } from '../ledger/uploads.ts'
import { runActions } from '../update-db/actions.ts'
import type { LoaderContext } from '../update-db/process.ts'
import { runLoaderPass } from '../update-db/update-db.ts'
import { assertProblem, get, openReceiver, post, postGzip, type Receiver } from './receiver.ts'

const NEVER = new AbortController().signal
const JSON_BODY = { 'Content-Type': 'application/json' }
const HOLD = { thresholds: defaultThresholds(), isReleased: false }

function workOn({ folders, ledger, catalogue }: Receiver): LoaderContext {
  const rest = { lineBytesMax: 1024 * 1024, hold: HOLD, log: openLog('silent'), now: Date.now, onFile: () => {} }
  return { disk: realDisk(), folders, ledger, catalogue, ...rest }
}

async function sent(receiver: Receiver, date: string, products: readonly Product[], store = 'S1'): Promise<Upload> {
  const metadata = { company: 'northmart', store_id: store, scraped_date: date }
  const text = products.map((product) => `${JSON.stringify({ product, metadata })}\n`).join('')
  const { body } = await postGzip(receiver, `${store}-${date}.jsonl.gz`, text)
  await runLoaderPass(workOn(receiver), NEVER)
  return found(receiver, body.id ?? '')
}

async function found(receiver: Receiver, id: string): Promise<Upload> {
  const upload = await receiver.ledger.uploads.find(id)
  assert.ok(upload)
  return upload
}

async function acted(receiver: Receiver, upload: Upload, action: UploadAction, isRepaired = false): Promise<Upload> {
  const repair = action === 'load' ? { repair: repairFor(upload, isRepaired) } : {}
  await receiver.ledger.uploads.requestAction(upload.id, { action, by: 'a person', reason: 'for a test', ...repair })
  await runActions(workOn(receiver), NEVER)
  return found(receiver, upload.id)
}

function findingsOf(upload: Upload): Finding[] {
  return receiptOf(upload, false).findings as unknown as Finding[]
}

async function pricesOn(receiver: Receiver, date: string): Promise<number[]> {
  const runs = await receiver.catalogue.database.all<{ price: number }>(
    `select price_cents as price from price_run where from_date <= ? and (to_date is null or to_date >= ?) order by listing_id`,
    date,
    date,
  )
  return runs.map(({ price }) => price)
}

const DIVIDED = 'divide price_current and price_was by 100'

function hundredfold(): Product[] {
  return shop().map(({ price_was, ...product }) => ({
    ...product,
    price_current: Number(product.price_current) * 100,
    ...(price_was === null ? {} : { price_was: Number(price_was) * 100 }),
  }))
}

test('cents for dollars are held, repaired on a word, and come back as they were when the load is undone', async () => {
  await using receiver = await openReceiver()
  await sent(receiver, '2026-05-01', shop())
  const right = await pricesOn(receiver, '2026-05-01')
  const held = await sent(receiver, '2026-05-02', hundredfold())
  assert.equal(held.state, 'held')
  assert.equal(findingsOf(held)[0]?.rule, 'prices_by_factor')
  const reader = { url: receiver.url, key: await receiver.makeKey('read') }
  const repairOf = async (query = '') =>
    (await get(reader, `/api/uploads/${held.id}/repair${query}`)).body as unknown as RepairView
  const { does, accepted_by, changes, next } = await repairOf('?limit=99')
  assert.deepEqual([does, accepted_by, changes.length, next], [DIVIDED, null, 99, 99])
  const { line, sku, field, from, to } = changes[1]!
  assert.deepEqual([line, sku, field, from, to], [2, '00001001', 'price_current', '3800.00', '38.00'])
  const loaded = await acted(receiver, held, 'load', true)
  assert.equal((await repairOf()).accepted_by, 'a person')
  assert.deepEqual(
    (await repairOf('?after=99')).changes.map(({ line: last }) => last),
    [100],
  )
  assert.equal(loaded.state, 'loaded')
  assert.deepEqual(await pricesOn(receiver, '2026-05-02'), right)
  const [repaired] = findingsOf(loaded)
  assert.equal(repaired?.rule, 'repaired')
  assert.match(repaired.sentence, /a person wants it: divide price_current and price_was by 100/)
  assert.match(repaired.examples[0] ?? '', /: [\d,]+00\.00 → \d+\.00$/)
  const replayed = await acted(receiver, loaded, 'undo')
  assert.deepEqual([replayed.state, replayed.repair], ['held', null])
  assert.equal((await acted(receiver, replayed, 'load')).state, 'loaded')
  assert.deepEqual(
    await pricesOn(receiver, '2026-05-02'),
    right.map((price) => price * 100),
  )
  // What was released is believed.
  assert.equal((await sent(receiver, '2026-05-03', hundredfold())).state, 'loaded')
})

test('a date after the receipt is not loaded even when it is released, and is dated by its receipt when it is repaired', async () => {
  await using receiver = await openReceiver()
  const held = await sent(receiver, '2062-05-02', shop())
  assert.equal(held.state, 'held')
  assert.equal((await acted(receiver, held, 'load')).state, 'held')
  assert.equal((await acted(receiver, held, 'load', true)).state, 'loaded')
  const { date } = (await receiver.catalogue.database.get<{ date: string }>('select date from scrape'))!
  assert.equal(date, new Date(held.received_at).toISOString().slice(0, 10))
})

test("a store's first scrape is compared with the other stores, and mended rejects with what the date shows already", async () => {
  await using receiver = await openReceiver()
  for (const store of ['S1', 'S2', 'S3']) await sent(receiver, '2026-05-01', shop(), store)
  assert.equal((await sent(receiver, '2026-05-01', shop().slice(0, 10), 'S4')).state, 'held')
  assert.equal((await sent(receiver, '2026-05-02', shop().slice(0, 90))).state, 'loaded')
  assert.equal((await sent(receiver, '2026-05-02', shop().slice(90))).state, 'loaded')
})

/** A shop whose scraper never says that anything is available. */
function neverAvailable(): Product[] {
  return shop().map((product) => ({ ...product, is_available: false }))
}

test('a finding of a chain is one line, is believed from now on on a word, and is told again when that is taken back', async () => {
  await using receiver = await openReceiver()
  const admin = { url: receiver.url, key: await receiver.makeKey('admin') }
  for (const store of ['S1', 's2 ', 'S3']) await sent(receiver, '2026-05-01', neverAvailable(), store)
  const findings = async () => (await get(admin, '/api/findings')).body as unknown as FindingsView
  const attention = async () => ((await get(admin, '/api/overview')).body as unknown as Overview).attention.findings
  const [told, ...others] = (await findings()).findings
  assert.deepEqual(others, [])
  const { example, ...rest } = told!
  assert.deepEqual(rest, {
    company: 'northmart',
    rule: 'flag_constant',
    field: 'is_available',
    brief: 'is_available is false in every row',
    stores: 3,
    believed_stores: 0,
  })
  assert.match(example.sentence, /false in all 100 rows of S1 on 2026-05-01/)
  assert.equal((await attention()).count, 1)

  const said = { company: 'Northmart', rule: 'flag_constant', field: 'is_available', reason: 'they never say' }
  const belief = (await post(admin, JSON_BODY, JSON.stringify(said), '/api/beliefs')).body as unknown as BeliefView
  assert.deepEqual([belief.company, belief.store, belief.reason], ['northmart', null, 'they never say'])
  assert.equal((await attention()).count, 0)
  assert.equal((await findings()).findings[0]?.believed_stores, 3)
  const later = await sent(receiver, '2026-05-02', neverAvailable())
  const receiptFor = async (who: Pick<Receiver, 'url' | 'key'>) => (await get(who, `/api/uploads/${later.id}`)).body
  for (const who of [admin, receiver])
    assert.deepEqual((await receiptFor(who)).findings?.[0]?.believed, { id: belief.id, since: belief.since })

  const undone = await post(admin, {}, null, `/api/beliefs/${belief.id}/undo`)
  assert.equal(undone.status, 200)
  assert.equal((await attention()).count, 1)
  assert.equal((await receiptFor(admin)).findings?.[0]?.believed, undefined)
  assertProblem(await post(admin, {}, null, `/api/beliefs/${belief.id}/undo`), 404, 'not_found')
  const fails = async (body: object, reason: RegExp) => {
    const answer = await post(admin, JSON_BODY, JSON.stringify(body), '/api/beliefs')
    assertProblem(answer, 400, 'request_invalid')
    assert.match(String(answer.body.detail), reason)
  }
  await fails({ ...said, company: 'nortmart' }, /is not known/)
  await fails({ ...said, store_id: 'S9' }, /has no store/)
  await fails({ ...said, rule: 'date_ahead' }, /cannot be believed/)
  await fails({ ...said, rule: 'flags' }, /is no rule/)
  const sender = await post(receiver, JSON_BODY, JSON.stringify(said), '/api/beliefs')
  assert.equal(sender.status, 403)
})

test('a rule that is believed of a store holds no scrape of it, and those of other stores as before', async () => {
  await using receiver = await openReceiver()
  for (const store of ['S1', 'S2']) await sent(receiver, '2026-05-01', shop(), store)
  const said = { company: 'northmart', store: 'S1', rule: 'flag_turned', field: null, at: 1, who: 'I', reason: null }
  await receiver.ledger.beliefs.add(said)
  assert.equal((await sent(receiver, '2026-05-02', neverAvailable(), 'S1')).state, 'loaded')
  assert.equal((await sent(receiver, '2026-05-02', neverAvailable(), 'S2')).state, 'held')
})
