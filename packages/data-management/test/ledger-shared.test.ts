/** A ledger in PostgreSQL that several receivers and loaders write to at once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '@splitcart/shared/problem.ts'
import { until } from '../../../test/machines.ts'
import { NO_POSTGRES, sharedPostgres, startCluster } from '../../../test/postgres.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openPostgresLedger } from '../ledger/postgres.ts'
import { addUpLoads, LOADS_ADDED_UP } from './loads-added-up.ts'
import { sha256Of } from './receiver.ts'

const skip = NO_POSTGRES
const makeDatabase = sharedPostgres()

function record({ arrivals }: Ledger, content: string, id: string) {
  const named = { filename: 'a.jsonl', stored_as: 'a.jsonl', kind: 'products', state: 'accepted' as const }
  const counts = { bytes: 1, lines: 1, wire_bytes: 1, received_at: 1 }
  return arrivals.record({ id, sha256: sha256Of(content), ...named, ...counts }, 'settings', true)
}

async function openMany(address: string, count: number) {
  const stack = new AsyncDisposableStack()
  const opening = Array.from({ length: count }, () => openPostgresLedger(address))
  const ledgers = (await Promise.all(opening)).map((ledger) => stack.use(ledger))
  return { ledgers, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

test('the same hundred files sent to four receivers at once, in any order, are a hundred uploads', {
  skip,
}, async () => {
  await using made = await makeDatabase()
  await using at = await openMany(made.address, 4)
  const contents = Array.from({ length: 100 }, (_, index) => `content ${index}`)
  const answers = await Promise.all(
    at.ledgers.flatMap((ledger, receiver) =>
      contents
        .toSorted(() => Math.random() - 0.5)
        .map((content) => record(ledger, content, `${content} at ${receiver}`)),
    ),
  )
  const first = answers.filter(({ isNew }) => isNew).map(({ upload }) => upload.sha256)
  assert.equal(first.length, 100)
  assert.equal(new Set(first).size, 100)
  assert.equal((await at.ledgers[0]!.uploads.list({ limit: 1000 })).length, 100)
  const [upload] = await at.ledgers[0]!.uploads.list({ limit: 1 })
  assert.equal((await at.ledgers[0]!.sendersOf([upload!.id])).get(upload!.id)?.timesSent, 4)
})

test('who follows the changes of many writers misses none', { skip }, async () => {
  await using made = await makeDatabase()
  await using at = await openMany(made.address, 4)
  await using changes = await at.ledgers[3]!.openChangeReader()
  const heard = new Set<string>()
  let last = 0
  const hear = async () => {
    if (!(await changes.hasChanged())) return
    const latest = await changes.latest()
    for (const { uploadId } of (await changes.between(last, latest))!) heard.add(uploadId)
    last = latest
  }
  let isWriting = true
  const writing = Promise.all(
    at.ledgers.slice(0, 3).map(async (ledger, writer) => {
      for (let number = 0; number < 60; number++) {
        const id = `upload ${writer} ${number}`
        await record(ledger, id, id)
        await ledger.uploads.markLoading(id, number, null)
      }
    }),
  ).finally(() => {
    isWriting = false
  })
  while (isWriting) await hear()
  await writing
  await hear()
  assert.equal(heard.size, 180)
  assert.equal(last, 3 * 60 * 2)
})

test('each write of another is a change for the next who looks, and where nobody writes there is none', {
  skip,
}, async () => {
  await using made = await makeDatabase()
  await using at = await openMany(made.address, 2)
  const [writer, follower] = at.ledgers as [Ledger, Ledger]
  await using changes = await follower.openChangeReader()
  for (const id of ['one', 'another']) {
    await record(writer, id, id)
    assert.equal(await changes.hasChanged(), true)
    // The database itself may still be writing something down.
    await until(async () => !(await changes.hasChanged()), 'nothing changes')
  }
})

test('without its database a receiver says so, and takes up where it was when that is back', { skip }, async () => {
  await using cluster = await startCluster()
  await using made = await cluster.makeDatabase()
  await using ledger = await openPostgresLedger(made.address)
  assert.equal((await record(ledger, 'first', '1')).isNew, true)
  await cluster.kill()
  const isTold = (error: unknown) => error instanceof Problem && error.code === 'database_unreachable'
  await assert.rejects(record(ledger, 'second', '2'), isTold)
  await assert.rejects(ledger.uploads.list({ limit: 1 }), isTold)
  await cluster.start()
  assert.equal((await record(ledger, 'first', '3')).isNew, false)
  assert.equal((await record(ledger, 'second', '4')).isNew, true)
})

test('what loads did is added up as they end, whichever loader made them, and each death of one', {
  skip,
}, async () => {
  await using made = await makeDatabase()
  await using at = await openMany(made.address, 2)
  assert.deepEqual(await addUpLoads(at.ledgers), LOADS_ADDED_UP)
})
