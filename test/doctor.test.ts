/** `splitcart doctor`: what is wrong with a machine, and what to do, one line a check. */
import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkClock, checkServer } from '@splitcart/scraping/doctor-server.ts'
import type { CheckResult } from '@splitcart/shared/check-result.ts'
import { rowsText } from '../packages/data-management/test/receiver.ts'
import { type Ended, type Machines, openMachines, recordsIn } from './machines.ts'

const KEY = 'splitcart_not-a-key-of-this-server'

async function examined(machines: Machines, environment: Record<string, string>): Promise<Ended & { found: string[] }> {
  const ended = await machines.run(['doctor', '--json'], environment)
  const checks = recordsIn<CheckResult & { type: string }>(ended).filter(({ type }) => type === 'check')
  for (const { state, todo } of checks) assert.equal(todo === undefined, state === 'ok')
  return {
    ...ended,
    found: checks.filter(({ state }) => state !== 'ok').map(({ state, check }) => `${state} ${check}`),
  }
}

test('two machines that are well have nothing that fails, and nothing is left of the probes', async () => {
  await using machines = await openMachines()
  const server = await machines.serve()
  const key = await machines.key()
  const outbox = join(machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true, mode: 0o700 })
  // Of today: what was scraped long ago needs attention.
  const today = new Date().toISOString().slice(0, 10)
  await writeFile(join(outbox, 'x.jsonl'), rowsText(20).replaceAll('2025-09-12', today))
  assert.equal((await machines.upload(server, key, '--wait')).code, 0)
  const { code, found, stdout } = await examined(machines, { API_SERVER_URL: server.url, API_SECRET_KEY: key })
  assert.equal(code, 0, stdout)
  assert.deepEqual(
    found.filter((one) => !/update-db|disk/.test(one)),
    [],
  )
  assert.ok(!stdout.includes(key))
  const files = await readdir(machines.path, { recursive: true })
  assert.deepEqual(
    files.filter((name) => name.includes('probe')),
    [],
  )

  const reader = await machines.key('read')
  const may = await examined(machines, { API_SERVER_URL: server.url, API_SECRET_KEY: reader })
  assert.deepEqual([may.code, may.found.filter((one) => one.startsWith('fail'))], [1, ['fail uploading']])
  const wrong = await examined(machines, { API_SERVER_URL: server.url, API_SECRET_KEY: KEY })
  assert.ok(wrong.found.includes('fail key') && !wrong.stdout.includes(KEY))
  const path = await examined(machines, { API_SERVER_URL: `${server.url}/api/upload`, API_SECRET_KEY: key })
  assert.ok(path.found.includes('fail server'))
  const { stdout: words } = await machines.run(['doctor'], { API_SERVER_URL: `${server.url}/api/upload` })
  assert.match(words, /^fail {2}server {6}a SplitCart server is there, but not at this path\n {18}Set API_SERVER_URL/m)
})

test('every fault of the settings is named, and no secret is shown', async () => {
  await using machines = await openMachines()
  const faults = { PORT: 'soon', API_SERVER_URL: 'ftp://x', API_SECRET_KEY: 'a secret', HEARTBEAT_URL: 'secret-path' }
  const { code, found, stdout } = await examined(machines, faults)
  assert.deepEqual([code, found], [1, Array.from({ length: 4 }, () => 'fail settings')])
  assert.ok(!/a secret|secret-path/.test(stdout))
})

test('a machine on which nothing is set up is told how to begin', async () => {
  await using machines = await openMachines()
  assert.deepEqual((await examined(machines, {})).found, ['fail set-up'])
  assert.deepEqual(await readdir(machines.path), [])
})

test('what is wrong with a scraping machine alone is found', async () => {
  await using machines = await openMachines()
  const outbox = join(machines.scraping, 'product_outbox')
  await mkdir(join(outbox, '.part'), { recursive: true, mode: 0o700 })
  await mkdir(join(outbox, '.spool'), { mode: 0o700 })
  await writeFile(join(outbox, '.part', 'x.999999-0123456789ab.jsonl.part'), '{}')
  await writeFile(join(outbox, 'x.csv'), 'a,b')
  await chmod(outbox, 0o755)
  const { code, found } = await examined(machines, { API_SERVER_URL: 'http://127.0.0.1:9', API_SECRET_KEY: KEY })
  assert.equal(code, 1)
  const expected = ['warn outbox', 'warn left over', 'fail server']
  if (process.platform !== 'win32') expected.unshift('warn folder')
  assert.deepEqual(
    found.filter((one) => one !== 'warn disk'),
    expected,
  )
})

test('a key is never sent in plain http to another machine, nor to something that is no SplitCart server', async () => {
  const keys: unknown[] = []
  const other = createServer(({ headers }, response) => {
    keys.push(headers['x-api-key'])
    response.end('<h1>Welcome</h1>')
  }).listen(0, '127.0.0.1')
  await new Promise((listening) => other.on('listening', listening))
  const results: CheckResult[] = []
  const here = new URL(`http://127.0.0.1:${(other.address() as AddressInfo).port}`)
  for (const server of [new URL('http://data.example.org'), here])
    for await (const result of checkServer(server, KEY)) results.push(result)
  other.close()
  other.closeAllConnections()
  assert.deepEqual(
    results.map(({ check, state }) => `${state} ${check}`),
    ['fail encryption', 'ok encryption', 'fail server', 'ok clock'],
  )
  assert.deepEqual(keys, [undefined])
})

test('a clock that is more than five minutes off is a warning', () => {
  const now = Date.parse('2026-01-01T12:00:00Z')
  const at = (time: string) => checkClock(new Headers({ date: new Date(`2026-01-01T${time}Z`).toUTCString() }), now)
  assert.equal(at('12:04:59').state, 'ok')
  assert.match(at('12:10:00').detail, /^10 minutes behind/)
  assert.match(at('11:00:00').detail, /^60 minutes ahead of/)
  assert.equal(checkClock(new Headers(), now).state, 'ok')
})
