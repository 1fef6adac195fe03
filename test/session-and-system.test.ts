/** What the page builds on, through the programs people run: sessions that survive a restart, events that end with the server, the machine. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { SystemView } from '@splitcart/data-management/http/routes/system-schema.ts'
import { listen } from '../packages/data-management/test/listening.ts'
import { openMachines, type Server, until } from './machines.ts'
import { allowedMs } from './times.ts'

const KEY = 'a-key-of-a-test-that-is-long-enough'

async function signIn({ url }: Server, key: string): Promise<{ Cookie: string }> {
  const response = await fetch(`${url}/api/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key }),
  })
  assert.equal(response.status, 201)
  return { Cookie: (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '' }
}

async function systemOf({ url }: Server, headers: Record<string, string>): Promise<SystemView> {
  const response = await fetch(`${url}/api/system`, { headers })
  assert.equal(response.status, 200)
  return (await response.json()) as SystemView
}

test('a session survives a restart of the server, unless the key of the settings is another one', async () => {
  await using machines = await openMachines()
  const key = await machines.key('read,admin')
  const first = await machines.serve(['--no-update-db'], { API_SECRET_KEY: KEY })
  const [ofKey, ofSettings] = [await signIn(first, key), await signIn(first, KEY)]
  await using listening = await listen(first, ofKey)
  assert.equal((await listening.next()).event, 'reload')
  const start = performance.now()
  first.child.kill('SIGTERM')
  await listening.ended()
  assert.equal((await first.ended).code, 0)
  assert.ok(performance.now() - start < allowedMs(5_000), 'who listens keeps no server from stopping')

  const second = await machines.serve(['--no-update-db'], { API_SECRET_KEY: `${KEY}-2` })
  const statusOf = async (headers: Record<string, string>) =>
    (await fetch(`${second.url}/api/session`, { headers })).status
  assert.deepEqual([await statusOf(ofKey), await statusOf(ofSettings)], [200, 401])
})

/** Server and loader begin their logs with what they are, and no secret. */
function assertStartLogged(printed: string, system: SystemView): void {
  for (const program of ['serve', 'update-db']) {
    const line = printed.split('\n').find((each) => each.includes(`"program":"${program}"`))
    const { version, pid, settings: inForce, level } = JSON.parse(line ?? '{}')
    assert.deepEqual([version, level], [system.versions.program, 'info'])
    assert.ok(pid > 0)
    assert.deepEqual([inForce.HOLD_ROWS_MIN, inForce.INBOX_HOURS_MAX, inForce.ALARM_WEBHOOK_URL], ['33', '99', 'set'])
    assert.equal('BODY_BYTES_MAX' in inForce, false)
  }
  assert.doesNotMatch(printed, /secret-path/)
  assert.ok(!printed.includes(KEY))
}

test('the machine says how it is: versions, settings and where they came from, loader, databases, backup', async () => {
  await using machines = await openMachines()
  await writeFile(
    join(machines.path, '.env'),
    'HOLD_ROWS_MIN=33\nALARM_WEBHOOK_URL=https://hooks.example/secret-path\n',
  )
  // Not set at all, for what is set to nothing is not read from the file.
  const fromFile = { HOLD_ROWS_MIN: undefined, ALARM_WEBHOOK_URL: undefined } as unknown as Record<string, string>
  const server = await machines.serve([], { API_SECRET_KEY: KEY, INBOX_HOURS_MAX: '99', ...fromFile })
  const admin = { 'X-API-Key': KEY }
  await until(async () => (await systemOf(server, admin)).loader.state === 'idle', 'the loader is there')
  const system = await systemOf(server, admin)
  assert.match(system.versions.program, /^\d+\.\d+\.\d+$/)
  assert.equal(system.versions.node, process.versions.node)
  assert.match(system.versions.sqlite, /^3\./)
  const settings = new Map(system.settings.map(({ name, value, from }) => [name, [value, from]]))
  const { before, after } = system.shell
  assert.deepEqual([before, after], ['npx splitcart', ` --data-management-data-dir ${machines.dataManagement}`])
  assert.deepEqual(settings.get('PORT'), ['0', 'flag'])
  assert.deepEqual(settings.get('INBOX_HOURS_MAX'), ['99', 'environment'])
  assert.deepEqual(settings.get('BODY_BYTES_MAX'), [String(512 * 1024 * 1024), 'default'])
  assert.deepEqual(settings.get('TLS_CERT'), [null, 'nowhere'])
  assert.deepEqual(settings.get('HOLD_ROWS_MIN'), ['33', '.env'])
  assert.deepEqual(settings.get('ALARM_WEBHOOK_URL'), ['set', '.env'])
  assert.deepEqual(settings.get('API_SECRET_KEY'), ['set', 'environment'])
  assert.equal(settings.has('API_SERVER_URL'), false)
  assert.ok(!JSON.stringify(system).includes(KEY))
  assert.ok(!JSON.stringify(system).includes('secret-path'))
  assert.deepEqual(
    system.databases.map(({ name, bytes }) => [name, bytes > 0]),
    [
      ['catalogue', true],
      ['ledger', true],
    ],
  )
  await until(() => server.printed().includes('"program":"update-db"'), 'the loader has told of itself')
  assertStartLogged(server.printed(), system)
  assert.equal(system.backup, null)
  assert.equal((await machines.run(['backup', join(machines.path, 'copy.db')])).code, 0)
  const { backup } = await systemOf(server, admin)
  assert.equal(backup?.path, join(machines.path, 'copy.db'))
  assert.ok(Math.abs(Date.parse(backup?.at ?? '') - Date.now()) < 60_000)
})

test('a loader that does not run is told', async () => {
  await using machines = await openMachines()
  const server = await machines.serve(['--no-update-db'], { API_SECRET_KEY: KEY })
  assert.equal((await systemOf(server, { 'X-API-Key': KEY })).loader.state, 'not running')
})
