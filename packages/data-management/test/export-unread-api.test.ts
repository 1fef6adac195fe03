/** An export over HTTP that nobody reads on. */
import assert from 'node:assert/strict'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { until } from '../../../test/machines.ts'
import { fillLarge } from '../../../torture/costs/large-data.ts'
import { openReceiver, type Receiver } from './receiver.ts'

function ask(receiver: Receiver, key: string, path: string): Promise<Response> {
  return fetch(receiver.url + path, { headers: { 'X-API-Key': key } })
}

test('an export that is not read on keeps no log from being written back, comes whole, and leaves one to others', async () => {
  const sizes = { stores: 200, listings: 1_000, giant: 10, runs: 30_000, uploads: 10 }
  await using receiver = await openReceiver()
  await fillLarge(receiver.folders.data, sizes, 'somebody')
  const key = await receiver.makeKey('read')
  const url = `${receiver.url}/api/export/observations`
  const request = httpGet(url, { headers: { 'X-API-Key': key, 'Accept-Encoding': 'identity' } })
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.on('response', resolve).on('error', reject)
  const response = await promise
  const second = await ask(receiver, key, '/api/export/observations')
  assert.deepEqual([second.status, JSON.parse(await second.text()).code], [429, 'too_many_requests'])
  using database = new DatabaseSync(join(receiver.folders.data, 'catalogue.db'), { timeout: 100 })
  database.exec("update company set name = 'changed meanwhile'")
  const isInTheDatabase = () => database.prepare('pragma wal_checkpoint(truncate)').get()?.busy === 0
  await until(isInTheDatabase, 'the log is empty', 20_000)
  let lines = 0
  for await (const chunk of response) lines += String(chunk).split('\n').length - 1
  assert.equal(lines, 2 * sizes.runs)
  // One that is broken off makes room for the next.
  httpGet(url, { headers: { 'X-API-Key': key } }, (broken) => broken.destroy()).on('error', () => {})
  await until(async () => (await ask(receiver, key, '/api/export/products')).status === 200, 'another one may begin')
})
