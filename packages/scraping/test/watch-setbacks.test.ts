/** What strangers and single files do to a watch: nothing for good. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '@splitcart/shared/problem.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { until } from '../../../test/machines.ts'
import { watchOutbox } from '../watch.ts'
import { putInOutbox, row, textOf } from './place.ts'
import { freshSender, told } from './sender.ts'

test('a stranger who says that the key is wrong does not end watching; what waits goes when he is gone', async () => {
  const stop = new AbortController()
  await using sender = await freshSender({ signal: stop.signal })
  await putInOutbox(sender.place, 'a.jsonl', textOf(row('Bread')))
  sender.server.always = {
    status: 403,
    headers: { 'content-type': 'text/html', server: 'nginx' },
    body: '<html>403</html>',
  }
  const watching = watchOutbox(sender.job, { everyMs: HOUR_MS })
  await until(() => sender.server.heard.length > 5, 'he has answered')
  sender.server.always = undefined
  await until(() => told(sender).includes('a.jsonl accepted'), 'it is accepted')
  stop.abort()
  assert.equal((await watching).outcome, 'done')
  const outage = sender.events.find((event) => event.type === 'outage')
  assert.match(outage?.problem.detail ?? '', /answered 403 with a page in HTML, from nginx$/)
})

test('once an hour a watch says that it runs, and how many files it has sent meanwhile', async () => {
  const stop = new AbortController()
  let now = Date.now()
  let rounds = 0
  await using sender = await freshSender({ signal: stop.signal })
  const sleep = async (ms: number) => {
    now += ms
    if (++rounds === 3) await putInOutbox(sender.place, 'a.jsonl', textOf(row('Bread')))
    if (now > begun + 2.5 * HOUR_MS) stop.abort()
  }
  const begun = now
  const clock = { now: () => now, steady: () => now, sleep }
  await watchOutbox({ ...sender.job, clock }, { everyMs: 600_000 })
  const alive = sender.events.filter((event) => event.type === 'alive')
  assert.deepEqual(
    alive.map(({ sent, sinceMs, waiting }) => [sent, sinceMs, waiting]),
    [
      [1, HOUR_MS, 0],
      [0, HOUR_MS, 0],
    ],
  )
})

test('a file that fails alone is set aside for a while, longer each time, while others come and go', async () => {
  const stop = new AbortController()
  let now = Date.now()
  const tries: number[] = []
  let count = 0
  await using sender = await freshSender({ signal: stop.signal, patience: { triesMax: 1 } })
  const sleep = async (ms: number) => {
    now += Math.max(ms, 10_000)
    await putInOutbox(sender.place, `file-${++count}.jsonl`, textOf(row(`file ${count}`)))
    if (count === 60) stop.abort()
  }
  const { client } = sender.job
  const send: typeof client.send = (spooled, onSent) => {
    if (spooled.name !== 'bad.jsonl') return client.send(spooled, onSent)
    tries.push(now)
    return Promise.reject(new Problem('answer_unknown', 'it answered 502'))
  }
  await putInOutbox(sender.place, 'bad.jsonl', textOf(row('Bread')))
  await putInOutbox(sender.place, 'good.jsonl', textOf(row('Milk')))
  await watchOutbox(
    { ...sender.job, client: { ...client, send }, clock: { now: () => now, steady: () => now, sleep } },
    { everyMs: 10_000 },
  )
  const pauses = tries.slice(1).map((time, index) => Math.round((time - tries[index]!) / 60_000))
  assert.deepEqual(pauses, [1, 2, 4])
  assert.equal(told(sender).filter((line) => line.endsWith('accepted')).length > 50, true)
})
