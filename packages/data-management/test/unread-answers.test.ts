/** An answer that nobody reads does not stay for ever, nor do many of them take more memory than there is for all. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { temporaryFolder } from '../../../test/folders.ts'
import { until } from '../../../test/machines.ts'
import { openReceiver } from './receiver.ts'

const ASSET_BYTES = 16 * 1024 * 1024
// A machine that stands still for some seconds reads slowly, too.
const UNREAD_MS_MAX = 4_000

async function pageWithAnAsset() {
  const folder = await temporaryFolder()
  await mkdir(join(folder.path, 'assets'))
  await writeFile(join(folder.path, 'assets', 'large.js'), Buffer.alloc(ASSET_BYTES, ' '))
  return folder
}

function ask(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET /assets/large.js HTTP/1.1\r\nHost: x\r\n\r\n')
  return socket
}

test('an answer that is not read is given up after a while, one that is read slowly is not', async () => {
  await using page = await pageWithAnAsset()
  await using receiver = await openReceiver({ pageFolder: page.path, serverLimits: { unreadMsMax: UNREAD_MS_MAX } })
  const [unread, slow] = [ask(receiver.port).pause(), ask(receiver.port)]
  const isWhole = ({ bytesRead }: Socket) => bytesRead > ASSET_BYTES
  const start = performance.now()
  slow.on('data', async () => {
    if (performance.now() - start > 1.2 * UNREAD_MS_MAX) return
    slow.pause()
    await sleep(25)
    slow.resume()
  })
  await until(() => isWhole(slow), 'the slow reader has all of it')
  slow.destroy()
  await until(async () => (await receiver.connections()) === 0, 'the connection that is not read is closed')
  unread.resume()
  await until(() => unread.closed, 'what was on its way has come')
  assert.ok(!isWhole(unread))
})

test('answers that nobody reads take no more memory in all than they may; the largest are cut first', async () => {
  await using page = await pageWithAnAsset()
  await using receiver = await openReceiver({ pageFolder: page.path, serverLimits: { unreadBytesMax: 512 * 1024 } })
  // A busy machine takes longer until all of them are asked for.
  for (let waitMs = 1_000, isCut = false; !isCut; waitMs *= 2) {
    assert.ok(waitMs < 20_000, 'none was cut')
    const sockets = Array.from({ length: 24 }, () => ask(receiver.port).pause())
    await sleep(waitMs)
    for (const socket of sockets) socket.resume()
    const isWhole = ({ bytesRead }: Socket) => bytesRead > ASSET_BYTES
    await until(() => {
      isCut = sockets.some((socket) => socket.closed && !isWhole(socket))
      return isCut || sockets.every(isWhole)
    }, 'one was cut, or all came whole')
    for (const socket of sockets) socket.destroy()
  }
  assert.equal((await fetch(`${receiver.url}/healthz`)).status, 200)
})

test('the description is prepared once, and sent compressed to who takes that', async () => {
  await using receiver = await openReceiver()
  const url = `${receiver.url}/api/openapi.json`
  const plain = await fetch(url, { headers: { 'Accept-Encoding': 'identity' } })
  assert.equal(plain.headers.get('content-encoding'), null)
  const text = await plain.text()
  const socket = connect(receiver.port, '127.0.0.1')
  socket.write('GET /api/openapi.json HTTP/1.1\r\nHost: x\r\nAccept-Encoding: br, gzip\r\nConnection: close\r\n\r\n')
  const answer = Buffer.concat(await socket.toArray())
  const end = answer.indexOf('\r\n\r\n')
  assert.match(answer.subarray(0, end).toString('latin1'), /content-encoding: gzip/)
  assert.equal(gunzipSync(answer.subarray(end + 4)).toString('utf8'), text)
  assert.ok(answer.length < text.length / 4)
})
