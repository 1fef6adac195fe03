/** What `upload-data` says to people when the server is away. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { size } from '../bin/format.ts'
import { eventText, progressLine, totalLine } from '../bin/upload-report.ts'
import { freePorts } from './free-ports.ts'
import { openMachines, recordsIn } from './machines.ts'

const AWAY = { status: 0, code: 'server_unreachable', title: 'Away', detail: '', todo: '' } as const

test('a pause is told as people count time', () => {
  const pause = (delayMs: number) => eventText({ type: 'pause', name: 'x.jsonl', problem: AWAY, tries: 1, delayMs })
  assert.equal(pause(3), 'trying again at once  x.jsonl: Away.')
  assert.equal(pause(540), 'trying again in 0.5 s  x.jsonl: Away.')
  assert.equal(pause(12_400), 'trying again in 12 s  x.jsonl: Away.')
})

test('a size is told in the largest unit it fills, and bytes are whole', () => {
  const sizes = [0, 1023, 1024, 3_152_723, 2 ** 40 * 2000].map(size)
  assert.deepEqual(sizes, ['0 bytes', '1023 bytes', '1.0 KiB', '3.0 MiB', '2000.0 TiB'])
})

test('what is on its way tells its speed and the time that is left, from where it went on', () => {
  const at = (sentBytes: number) =>
    ({ type: 'progress', name: 'x.jsonl', step: 'send', sentBytes, totalBytes: 8_000_000 }) as const
  const begun = at(2_000_000)
  assert.match(progressLine({ event: begun, begun }, 5_000), / 25% {2}7\.6 MiB$/)
  assert.match(progressLine({ event: at(4_000_000), begun }, 999), / 50% {2}7\.6 MiB$/)
  assert.match(progressLine({ event: at(4_000_000), begun }, 4_000), / 50% {2}7\.6 MiB {2}488\.3 KiB\/s, 8 s left$/)
})

test('of several files it tells how many have gone, of how many bytes, and how long the rest will take', () => {
  const sizes = new Map([
    ['a.jsonl', 4_000_000],
    ['b.jsonl', 2_000_000],
    ['c.jsonl', 2_000_000],
  ])
  const progress = { type: 'progress', name: 'b.jsonl', sentBytes: 50, totalBytes: 100 } as const
  const at = (step: 'compress' | 'send', gone: readonly string[], elapsedMs: number) =>
    totalLine({ sizes, gone: new Set(gone) }, [{ event: { ...progress, step } }], elapsedMs)
  assert.equal(at('compress', [], 5_000), 'in all  0 of 3 files, 0 bytes of 7.6 MiB')
  assert.equal(at('send', ['a.jsonl'], 999), 'in all  1 of 3 files, 4.8 MiB of 7.6 MiB')
  assert.equal(at('send', ['a.jsonl'], 5_000), 'in all  1 of 3 files, 4.8 MiB of 7.6 MiB  976.6 KiB/s, 3 s left')
  assert.equal(totalLine({ sizes: new Map([['a.jsonl', 4_000_000]]), gone: new Set() }, [], 5_000), undefined)
})

test('the id of a request is told where only the log of the server has the reason', () => {
  const told = (status: number) => {
    const problem = { ...AWAY, status, title: 'The server failed', instance: 'urn:uuid:0199-ab' }
    return eventText({ type: 'warning', name: 'x.jsonl', problem })
  }
  assert.equal(told(500), 'warning     x.jsonl: The server failed (request 0199-ab).')
  assert.equal(told(503), 'warning     x.jsonl: The server failed.')
})

test('with the server away and nothing to send, it says nothing of files that wait, nor that there was nothing to do', async () => {
  await using machines = await openMachines()
  const outbox = join(machines.scraping, 'product_outbox')
  await machines.run(['generate', outbox, '--companies', '1', '--stores', '1', '--days', '1', '--products', '50'])
  // Nobody else is given that port when it is closed.
  const [port] = await freePorts(1)
  const server = await machines.serve(['--no-update-db', '--port', String(port)])
  const key = await machines.key()
  assert.equal((await machines.upload(server, key)).code, 0)
  server.child.kill('SIGTERM')
  await server.ended
  const again = (...args: string[]) =>
    machines.run(['upload-data', '--upload-tries-max', '1', ...args], {
      API_SERVER_URL: server.url,
      API_SECRET_KEY: key,
    })
  const { code, stdout, stderr } = await again()
  assert.deepEqual([code, stdout], [5, 'Nothing waits to be sent.\n'])
  assert.match(
    stderr,
    /^The server cannot be reached: [^\n]+\nNothing is lost: what is not sent stays in the outbox\. [^\n]+\n$/,
  )
  const [error, summary] = recordsIn(await again('--json'))
  assert.deepEqual([error?.code, summary?.outcome, summary?.waiting], ['server_unreachable', 'unreachable', 0])
})
