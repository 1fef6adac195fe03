/** A command in a wrong folder: it makes no server there, gives no key of one, and says where it has looked. */
import assert from 'node:assert/strict'
import { chown, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openMachines, until } from './machines.ts'

const NO_OWNERS = process.getuid?.() !== 0 && 'only root can give a folder to another user'
const STRANGER = 65534
const COMMANDS = [
  ['keys', 'create', 'x'],
  ['holds', 'list'],
  ['loads', 'replay', 'x'],
  ['rejects', 'export', 'x'],
  ['audit'],
  ['export', 'products'],
  ['backup', 'copy.db'],
  ['migrate', '--to', 'postgres://u@127.0.0.1:1/x'],
  ['update-db', '--products', '--dry-run'],
]

test('in a folder without a server every command that needs one says so, ends with 2 and makes nothing', async () => {
  await using machines = await openMachines()
  for (const args of COMMANDS) {
    const { code, stdout, stderr } = await machines.run(args)
    assert.deepEqual([args, code, stdout], [args, 2, ''], stderr)
    assert.ok(
      stderr.includes(`There is no server's data here: ${machines.dataManagement} holds none; settings`),
      stderr,
    )
    assert.match(stderr, /the environment, .*\.env \(not there\), .*splitcart\.env/)
    assert.match(stderr, /--data-management-data-dir/)
  }
  assert.deepEqual(await readdir(machines.path), [])
})

test('root in the folder of a server is told to work as its user, and nothing there becomes root’s', {
  skip: NO_OWNERS,
}, async () => {
  await using machines = await openMachines()
  await machines.makeServerData()
  for (const name of await readdir(machines.dataManagement, { recursive: true }))
    await chown(join(machines.dataManagement, name), STRANGER, STRANGER)
  await chown(machines.dataManagement, STRANGER, STRANGER)
  const before = await readdir(machines.dataManagement, { recursive: true })
  for (const args of [
    ['keys', 'create', 'x'],
    ['holds', 'list'],
    ['serve', '--port', '0'],
    ['update-db', '--products'],
  ]) {
    const { code, stderr } = await machines.run(args)
    assert.equal(code, 1)
    assert.match(stderr, /belongs to the user nobody, not to root; run it as its owner: sudo -u nobody splitcart …/)
    assert.doesNotMatch(stderr, /chown/)
  }
  assert.deepEqual(await readdir(machines.dataManagement, { recursive: true }), before)
})

test('serve tells in its log from where its settings come', async () => {
  await using machines = await openMachines()
  await writeFile(join(machines.path, '.env'), 'FILES_PER_DAY_MAX=7\n')
  const server = await machines.serve(['--no-update-db'])
  const line = () => /^.*settings_from.*$/m.exec(server.printed())?.[0]
  await until(() => line() !== undefined, 'its log tells')
  const { settings_from: settings, data } = JSON.parse(line()!)
  assert.equal(data, machines.dataManagement)
  assert.ok(settings.startsWith(`the environment, ${join(machines.path, '.env')}`), settings)
})
