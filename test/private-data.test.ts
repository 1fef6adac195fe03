/** The data folders: made for their user alone, and not worked in when they are anybody else's too. */
import assert from 'node:assert/strict'
import { chmod, lstat, mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Machines, openMachines } from './machines.ts'

const WINDOWS = process.platform === 'win32' && 'Windows has no modes'
const TO_NOBODY = { API_SERVER_URL: 'http://127.0.0.1:1', API_SECRET_KEY: 'a-key-that-no-server-has-given' }
const COMMANDS = [
  { args: ['serve', '--port', '0'], at: 'dataManagement' },
  { args: ['update-db', '--products'], at: 'dataManagement' },
  { args: ['upload-data'], at: 'scraping' },
] as const

async function refusalOf(machines: Machines, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await machines.run(args, TO_NOBODY)
  assert.deepEqual([code, stdout], [1, ''], stderr)
  assert.match(stderr, /^splitcart: This folder is not safe to work in: /m)
  return stderr
}

test('serve, update-db and upload-data refuse an unsafe data folder, and make their own private', {
  skip: WINDOWS,
}, async () => {
  await using machines = await openMachines()
  await Promise.all(
    COMMANDS.slice(1).map(async ({ args }) => assert.equal((await machines.run(args, TO_NOBODY)).code, 0)),
  )
  for (const folder of [machines.scraping, machines.dataManagement])
    for (const name of await readdir(folder, { recursive: true })) {
      const stats = await lstat(join(folder, name))
      assert.equal(stats.mode & 0o777, stats.isDirectory() ? 0o700 : 0o600, name)
    }
  for (const folder of [machines.scraping, machines.dataManagement]) await chmod(folder, 0o777)
  await Promise.all(
    COMMANDS.map(async ({ args, at }) =>
      assert.ok((await refusalOf(machines, args)).includes(`chmod go-w ${machines[at]}\n`)),
    ),
  )
})

test('a data folder that is a link is refused, and nothing is put where it leads', { skip: WINDOWS }, async () => {
  await using machines = await openMachines()
  await mkdir(join(machines.path, 'elsewhere'), { mode: 0o700 })
  await symlink(join(machines.path, 'elsewhere'), machines.dataManagement)
  assert.match(await refusalOf(machines, ['update-db', '--products']), /is a link; name the folder that it leads to/)
  assert.deepEqual(await readdir(join(machines.path, 'elsewhere')), [])
  await mkdir(join(machines.scraping, 'product_outbox'), { recursive: true, mode: 0o700 })
  await writeFile(join(machines.scraping, 'product_outbox', 'x.jsonl'), '{}\n')
  await rename(join(machines.scraping, 'product_outbox'), join(machines.path, 'outbox'))
  await symlink(join(machines.path, 'outbox'), join(machines.scraping, 'product_outbox'))
  assert.match(await refusalOf(machines, ['upload-data']), /product_outbox is a link/)
})
