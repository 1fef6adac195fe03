/** Queries run in worker threads, within limits of time, of records and of turns. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { type TemporaryFolder, temporaryFolder } from '../../../test/folders.ts'
import { fillLarge } from '../../../torture/costs/large-data.ts'
import { runQuery } from '../http/threads/query-context.ts'
import { QueryThreads, type QueryThreadsOptions } from '../http/threads/query-threads.ts'
import { RoundRobin } from '../http/threads/round-robin.ts'
import { assertProblem, get, openReceiver } from './receiver.ts'

const SIZES = { stores: 5_000, listings: 100, giant: 50, runs: 5_000, uploads: 100 }
const LATE = { code: 'answer_late' }
// Where it is not about time, a machine that is busy with much else may take it.
const PATIENCE_MS = 120_000

// Filled once: queries only read.
let at: TemporaryFolder
before(async () => {
  at = await temporaryFolder()
  await fillLarge(at.path, SIZES, 'somebody')
})
after(() => at[Symbol.asyncDispose]())

function openLarge(limits: Partial<QueryThreadsOptions> = {}) {
  const place = { dataFolder: at.path, catalogue: { file: join(at.path, 'catalogue.db') }, diskBytesKept: 0 }
  const queries = new QueryThreads({ ...place, msMax: PATIENCE_MS, ...limits })
  const ask = (keyId: string | null, signal?: AbortSignal) =>
    runQuery<{ total: { count: number } }>(
      queries,
      'sources',
      { limit: 5 },
      { keyId, now: Date.now(), ...(signal && { signal }) },
    )
  return { ask, queries, [Symbol.asyncDispose]: () => queries[Symbol.asyncDispose]() }
}

test('a query that takes too long, or looks at too much, is ended, and the next one is answered', async () => {
  {
    await using large = openLarge({ msMax: 0 })
    await assert.rejects(large.ask('a'), LATE)
    await assert.rejects(large.ask('a'), LATE)
  }
  await using large = openLarge({ recordsMax: 1_000 })
  await assert.rejects(large.ask('a'), { ...LATE, detail: 'more than 1000 records' })
  const small = { sha256: 'f'.repeat(64), id: 'x' }
  assert.deepEqual(await runQuery(large.queries, 'preview', small, { keyId: 'a', now: 0 }), {
    upload_id: 'x',
    preview: null,
  })
})

test('a query that takes too much memory is ended and told as one that asks for too much, and the next one is answered', async () => {
  await using large = openLarge({ heapMiBMax: 48 })
  const ask = (id: string) => runQuery(large.queries, 'preview', { sha256: 'f'.repeat(64), id }, { keyId: 'a', now: 0 })
  await assert.rejects(ask('x'.repeat(2 ** 26)), { ...LATE, detail: 'more than 48 MiB of memory' })
  assert.deepEqual(await ask('x'), { upload_id: 'x', preview: null })
})

test('a query is given up when whoever asked has gone, whether it waits or is being answered', async () => {
  await using large = openLarge()
  await large.ask('a')
  const gone = new AbortController()
  const answers = [large.ask('a', gone.signal), large.ask('a', gone.signal)]
  gone.abort()
  await Promise.all(answers.map((answer) => assert.rejects(answer, LATE)))
  assert.equal((await large.ask('a')).total.count, SIZES.stores)
})

test('a key that has had its time of this minute is told when it may go on; others, and the server itself, go on', async () => {
  await using large = openLarge({ threadMsPerMinute: 20 })
  const askOn = async () => {
    for (;;) await large.ask('a')
  }
  await assert.rejects(askOn, { code: 'too_many_requests' })
  assert.equal((await large.ask('b')).total.count, SIZES.stores)
  assert.equal((await large.ask(null)).total.count, SIZES.stores)
})

test('the time in which a thread starts, or fails to, is no time of a key, and nobody is told that its query takes long', async () => {
  {
    await using away = openLarge({ threadMsPerMinute: 20, catalogue: { file: join(at.path, 'away.db') } })
    for (let time = 0; time < 2; time++) await assert.rejects(away.ask('a'), /unable to open database file/)
  }
  await using slow = openLarge({ threadMsPerMinute: 20, startMsMax: 1 })
  const late = { ...LATE, detail: 'the thread that answers it was not ready within 1 ms' }
  await assert.rejects(slow.ask('a'), late)
})

test('a key whose queries wait keeps nobody else waiting, and not more of them wait than may', async () => {
  await using large = openLarge()
  // So that two threads are there.
  await Promise.all([large.ask('a'), large.ask('b')])
  let answered = 0
  const many = Array.from({ length: 33 }, () => large.ask('a').then(() => answered++))
  await assert.rejects(large.ask('a'), { code: 'too_many_requests' })
  await large.ask('b')
  assert.ok(answered < 20, `${answered} were answered before`)
  const ended = await Promise.allSettled(many)
  assert.ok(ended.every(({ status }) => status === 'fulfilled'))
})

test('an answer that comes too late is told as one, and what does not ask the databases goes on', async () => {
  await using receiver = await openReceiver({ queries: { msMax: 0 } })
  const key = await receiver.makeKey('read')
  const refused = await get({ ...receiver, key }, '/api/products?q=milk')
  assertProblem(refused, 503, 'answer_late')
  assert.ok(refused.headers.has('retry-after'))
  assert.equal((await get({ ...receiver, key }, '/readyz')).status, 200)
})

test('statements that take long are logged where the level of the server says so', async () => {
  const place = { dataFolder: at.path, catalogue: { file: join(at.path, 'catalogue.db') }, diskBytesKept: 0 }
  const ask = (logLevel: string) => `{
    await using queries = new QueryThreads({ ...${JSON.stringify(place)}, slow: { ms: 1e-6, logLevel: '${logLevel}' } })
    await queries.run('preview', { sha256: 'f'.repeat(64), id: 'x' }, { keyId: 'a', now: 0 })
    console.error('asked by ${logLevel}')
  }`
  const program = `import { QueryThreads } from ${JSON.stringify(new URL('../http/threads/query-threads.ts', import.meta.url))}
    // Threads that answer keep no process going.
    const going = setInterval(() => {}, 1_000)
    ${ask('error')} ${ask('warn')}
    clearInterval(going)`
  const { stderr } = await promisify(execFile)(process.execPath, ['-e', program])
  assert.match(stderr, /^asked by error\n(?:.*"slow statement".*\n)+asked by warn\n$/)
})

test('names take turns, each with what came first', () => {
  const turns = new RoundRobin<string>()
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) turns.add(item[0]!, item)
  assert.equal(turns.of('a'), 3)
  assert.equal(turns.remove('c', 'c2'), true)
  assert.equal(turns.remove('c', 'c2'), false)
  const all = Array.from({ length: turns.size }, () => turns.next((name) => name !== 'b'))
  assert.deepEqual(all, ['a1', 'c1', 'a2', 'a3', undefined])
  assert.equal(
    turns.next(() => true),
    'b1',
  )
  assert.equal(turns.size, 0)
})
