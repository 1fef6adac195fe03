/** The bodies of requests that send no file: they come in time, or the connection ends. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { openReceiver } from './receiver.ts'

const HEAD = 'HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'

test('a small body that does not come in time is refused with 408, wherever it is sent to', async () => {
  await using receiver = await openReceiver({ serverLimits: { headMsMax: 300 } })
  for (const line of ['POST /api/session', 'DELETE /api/session', 'POST /nowhere'])
    for (const length of ['Content-Length: 50', 'Transfer-Encoding: chunked']) {
      const socket = connect(receiver.port, '127.0.0.1')
      socket.write(`${line} ${HEAD}${length}\r\n\r\n`)
      const trickle = setInterval(() => socket.write(length.startsWith('T') ? '1\r\n \r\n' : ' '), 20)
      const answer = await text(socket)
      clearInterval(trickle)
      assert.match(answer, /^HTTP\/1\.1 408 .*"code":"body_late"/s, line)
    }
  const whole = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"key": "x"}' }
  assert.equal((await fetch(`${receiver.url}/api/session`, whole)).status, 401)
})

test('a small body that breaks off leaves nothing behind', async () => {
  await using receiver = await openReceiver()
  for (let times = 0; times < 50; times++) {
    const socket = connect(receiver.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(`POST /api/session ${HEAD}Content-Length: 50\r\n\r\n{"key"`, () => socket.resetAndDestroy())
    await new Promise((resolve) => socket.once('close', resolve))
  }
  assert.equal((await fetch(`${receiver.url}/healthz`)).status, 200)
  assert.equal(await receiver.faultsLogged(), '')
})
