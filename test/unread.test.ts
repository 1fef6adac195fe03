/** Who asks and does not read the answers: whatever he asks for, without a key, the server goes on and its memory stays. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openMachines, until } from './machines.ts'
import { allowedMs } from './times.ts'

const CONNECTIONS = 16
const ASKED_AT_ONCE = 1_500
const HEAP_MIB = 96
const RSS_MIB_MAX = 260

test('sixteen connections that ask for much at once and read nothing end no server', async () => {
  await using machines = await openMachines()
  const limits = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` }
  const server = await machines.serve(['--no-update-db'], limits)
  const port = Number(new URL(server.url).port)
  const sockets = Array.from({ length: CONNECTIONS }, () => askMuch(port))
  let highest = 0
  for (let look = 0; look < 20; look++) {
    await sleep(100)
    assert.equal(server.child.exitCode ?? server.child.signalCode, null, server.printed().slice(-500))
    highest = Math.max(highest, rssMib(server.child.pid!))
  }
  const start = performance.now()
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200)
  assert.ok(performance.now() - start < allowedMs(2_000), 'others are served meanwhile')
  assert.ok(highest < RSS_MIB_MAX, `${highest} MiB`)
  for (const socket of sockets) socket.destroy()
})

test('requests sent one behind the other over one connection are answered in their order', async () => {
  await using machines = await openMachines()
  const server = await machines.serve(['--no-update-db'])
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  const paths = ['/healthz', '/readyz', '/api/openapi.json', '/nowhere', '/healthz']
  socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''))
  let answered = ''
  socket.setEncoding('utf8').on('data', (text: string) => (answered += text))
  const statuses = () => [...answered.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
  await until(() => statuses().length === paths.length, 'all are answered')
  assert.deepEqual(statuses(), ['200', '200', '200', '404', '200'])
  assert.ok(answered.indexOf('"status":"ready"') < answered.indexOf('"openapi"'))
  socket.destroy()
})

function askMuch(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {}).pause()
  socket.write('GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(ASKED_AT_ONCE))
  return socket
}

function rssMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) / 1024
}
