/** The alarm of silent sources: what is told, and when. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { type AlarmMessage, changedAmong, look, postMessage } from '../api/alarm.ts'
import type { SourceView } from '../catalogue/queries/sources.ts'

function source(store: string, state: SourceView['state']): SourceView {
  const rest = {
    received_at: '2025-09-12T00:00:00.000Z',
    usual_days: 1,
    due_date: '2025-09-13',
    rows: 9,
    usual_rows: 9,
  }
  return {
    company: 'aldi',
    store_id: store,
    store_name: `store ${store}`,
    last_date: '2025-09-12',
    state,
    ...rest,
    is_partial: false,
    reject_share: 0,
  }
}

test('a source that falls silent is told once, and once more when it is heard again', async () => {
  const messages: AlarmMessage[] = []
  const told = new Set<string>()
  const lookAt = (...sources: SourceView[]) =>
    look(
      {
        changed: async (told) => changedAmong(sources, new Set(told)),
        tell: async (message) => void messages.push(message),
      },
      told,
    )
  await lookAt(source('a', 'good'), source('b', 'late'))
  assert.equal(messages.length, 0)
  await lookAt(source('a', 'silent'), source('b', 'late'))
  await lookAt(source('a', 'silent'), source('b', 'late'))
  assert.deepEqual(
    messages.map(({ text }) => text),
    ['Silent: aldi store a (last 2025-09-12).'],
  )
  await lookAt(source('a', 'good'), source('b', 'silent'))
  assert.equal(
    messages[1]?.text,
    'Silent: aldi store b (last 2025-09-12). Heard again: aldi store a (last 2025-09-12).',
  )
  assert.deepEqual(
    messages[1]?.heard_again.map(({ store_id }) => store_id),
    ['a'],
  )
})

test('what nobody took is told at the next look', async () => {
  const told = new Set<string>()
  let refused = true
  const messages: AlarmMessage[] = []
  const tell = async (message: AlarmMessage) => {
    if (refused) throw new Error('away')
    messages.push(message)
  }
  const alarm = { changed: async () => changedAmong([source('a', 'silent')], new Set()), tell }
  await assert.rejects(look(alarm, told), /away/)
  refused = false
  await look(alarm, told)
  assert.equal(messages.length, 1)
})

test('a message is posted as JSON, without a key, and a redirect or an error is a failure', async () => {
  const asked: { headers: IncomingMessage['headers']; body: string }[] = []
  let status = 204
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const body = (await Array.fromAsync(request)).join('')
    asked.push({ headers: request.headers, body })
    response.writeHead(status, { location: '/elsewhere' }).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`)
  const message = {
    text: 'Silent: a.',
    silent_count: 1,
    silent: [source('a', 'silent')],
    heard_again_count: 0,
    heard_again: [],
  }
  await postMessage(url, message)
  assert.deepEqual(JSON.parse(asked[0]?.body ?? ''), message)
  assert.equal(asked[0]?.headers['x-api-key'], undefined)
  for (status of [302, 500]) await assert.rejects(postMessage(url, message), /answered/)
  assert.equal(asked.length, 3)
  server.close()
})

test('names are text to whoever shows the message, and thousands of silent sources make no long message', async () => {
  const messages: AlarmMessage[] = []
  const told = new Set<string>()
  const evil = '<!channel> <http://evil.example|sign in> @here [x](http://evil.example) & \u0007'
  const all = Array.from({ length: 3_001 }, (_, index) => source(String(index), 'silent'))
  const sources = [{ ...source('x', 'silent'), store_name: evil + 'x'.repeat(500) }, ...all]
  const alarm = { changed: async (those: readonly string[]) => changedAmong(sources, new Set(those)) }
  await look({ ...alarm, tell: async (message) => void messages.push(message) }, told)
  await look({ ...alarm, tell: async (message) => void messages.push(message) }, told)
  assert.equal(messages.length, 1)
  const [message] = messages
  assert.doesNotMatch(message!.text, /[<>\p{Cc}]|@here|http:\/\/|\]\(/u)
  assert.match(message!.text, /^Silent: aldi &lt;!channel&gt; .* and 2992 more\.$/)
  assert.deepEqual([message!.silent_count, message!.silent.length], [3_002, 100])
  assert.ok(JSON.stringify(message).length < 50_000, 'short')
})
