/** The log tells who was refused, where from and what for, and who sends much of it does not fill the disk. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLog } from '@splitcart/shared/log.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { RefusalLog } from '../http/edge/refusals.ts'
import { get, openReceiver, postGzip, type Receiver, TEXT } from './receiver.ts'

type Line = Record<string, unknown> & { msg: string }

async function lines({ logged }: Receiver, msg: string): Promise<Line[]> {
  const all = (await logged())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
  return all.filter((line) => line.msg === msg)
}

test('a refused request is logged with its address, method, route, key and id', async () => {
  await using receiver = await openReceiver({ logLevel: 'info' })
  const wrong = await get({ ...receiver, key: 'wrong' }, '/api/uploads/abc?q=secret')
  await get(receiver, '/api/keys')
  await get(receiver, '/nowhere')
  const [guess, scope, lost] = await lines(receiver, 'request refused')
  const id = String(wrong.body.instance).replace('urn:uuid:', '')
  const { reqId, address, method, route, key, code } = guess!
  assert.deepEqual(
    [reqId, address, method, route, key, code],
    [id, '127.0.0.1', 'GET', '/api/uploads/:id', undefined, 'key_refused'],
  )
  assert.deepEqual([scope?.route, scope?.code, scope?.key], ['/api/keys', 'scope_missing', receiver.key.split('_')[1]])
  assert.deepEqual([lost?.route, lost?.code], ['none', 'not_found'])
  assert.doesNotMatch(await receiver.logged(), /secret/)
})

test('an accepted upload is logged with its key, address, bytes and time', async () => {
  await using receiver = await openReceiver({ logLevel: 'info' })
  await postGzip(receiver, 'x.jsonl.gz', TEXT)
  const [line] = await lines(receiver, 'upload accepted')
  assert.equal(line?.key, receiver.key.split('_')[1])
  assert.equal(line?.address, '127.0.0.1')
  assert.equal(line?.bytes, Buffer.byteLength(TEXT))
  assert.ok(Number(line?.wire_bytes) > 0 && Number(line?.ms) >= 0)
})

test('a request is found in the log by the id of its answer, and by those that its sender and a proxy gave it', async () => {
  await using receiver = await openReceiver({ logLevel: 'debug' })
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  const ask = (headers: Record<string, string>) =>
    fetch(`${receiver.url}/api/uploads`, { headers: { 'X-API-Key': 'wrong', ...headers } })
  const answer = await ask({ traceparent: `00-${trace}-00f067aa0ba902b7-01`, 'X-Request-Id': 'nginx/7' })
  for (const [name, value] of [
    ['traceparent', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['traceparent', `ff-${trace}-00f067aa0ba902b7-01`],
    ['X-Request-Id', 'two words'],
    ['X-Request-Id', 'x'.repeat(129)],
  ] as const)
    await ask({ [name]: value })
  for (const msg of ['request refused', 'request answered']) {
    const [line, ...others] = await lines(receiver, msg)
    const { reqId, trace_id, sent_request_id } = line!
    assert.deepEqual([reqId, trace_id, sent_request_id], [answer.headers.get('x-request-id'), trace, 'nginx/7'])
    assert.equal(others.length, 4)
    for (const other of others) assert.ok(!('trace_id' in other || 'sent_request_id' in other), JSON.stringify(other))
  }
})

test('of a flood the first requests are logged, and the others counted by address', async () => {
  await using receiver = await openReceiver({ logLevel: 'info' })
  const wrong = { ...receiver, key: 'wrong' }
  for (let index = 0; index < 120; index++) await get(wrong, '/api/uploads')
  assert.equal((await lines(receiver, 'request refused')).length, 20)
})

test('what was only counted is summed up, the most of it first, and what is written has a bound', () => {
  const written: Line[] = []
  const log = openLog('silent')
  const note = (fields: object, msg: string) => void written.push({ ...fields, msg })
  const refusals = new RefusalLog(Object.assign(Object.create(log), { info: note, warn: note }))
  const refuse = (address: string) =>
    refusals.log({ reqId: 'x', address, method: 'GET', route: '/' }, new Problem('key_refused'))
  for (let index = 0; index < 1_000; index++) refuse('192.0.2.1')
  for (let index = 0; index < 20_000; index++) refuse(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`)
  assert.equal(written.length, 300)
  refusals.logSummary()
  const sums = written.filter(({ msg }) => msg === 'more requests refused')
  assert.equal(sums.length, 101)
  assert.deepEqual(sums[0], { address: 'others', count: 10_001, codes: { key_refused: 10_001 }, msg: sums[0]!.msg })
  assert.deepEqual(sums[1], { address: '192.0.2.1', count: 980, codes: { key_refused: 980 }, msg: sums[0]!.msg })
  refuse('192.0.2.1')
  assert.equal(written.at(-1)?.msg, 'request refused')
  refusals.stop()
})
