/** The figures for monitoring. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openReceiver, postGzip, rowsText } from './receiver.ts'

test('the figures need the scope read, and tell uploads, backlog and requests', async () => {
  await using receiver = await openReceiver()
  await postGzip(receiver, 'a.jsonl.gz', rowsText(2))
  const asked = async (key: string) => fetch(`${receiver.url}/metrics`, { headers: { 'X-API-Key': key } })
  assert.equal((await asked(receiver.key)).status, 403)
  const answer = await asked(await receiver.makeKey('read'))
  assert.equal(answer.status, 200)
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  const text = await answer.text()
  assert.match(text, /^splitcart_uploads\{state="accepted"\} 1$/m)
  assert.match(text, new RegExp(`^splitcart_inbox_bytes ${Buffer.byteLength(rowsText(2))}$`, 'm'))
  assert.match(text, /^splitcart_http_requests_total\{method="POST",route="\/api\/upload\/",status="201"\} 1$/m)
  assert.match(text, /^splitcart_http_requests_total\{method="GET",route="\/metrics",status="403"\} 1$/m)
  assert.match(text, /^splitcart_sources\{state="silent"\} 0$/m)
  assert.match(text, /^process_resident_memory_bytes \d/m)
})
