/** An export that nobody reads on keeps no database as it was, and comes whole all the same. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { fillLarge } from '../torture/costs/large-data.ts'
import { openMachines, PROGRAM, until, withoutSettings } from './machines.ts'

const SIZES = { stores: 200, listings: 1_000, giant: 10, runs: 20_000, uploads: 500 }

test('while an export is not read on, what is written meanwhile finds its way from the log into the database', async () => {
  await using machines = await openMachines()
  await machines.makeServerData()
  await fillLarge(machines.dataManagement, SIZES, 'somebody')
  const env = { ...withoutSettings(), DATA_MANAGEMENT_DATA_DIR: machines.dataManagement }
  const child = spawn(process.execPath, [PROGRAM, 'export', 'observations'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  using _end = { [Symbol.dispose]: () => child.kill('SIGKILL') }
  // The first bytes are there: it reads. Nobody takes more.
  await once(child.stdout, 'readable')
  using database = new DatabaseSync(join(machines.dataManagement, 'catalogue.db'), { timeout: 100 })
  database.exec("update company set name = 'changed meanwhile'")
  const isInTheDatabase = () => database.prepare('pragma wal_checkpoint(truncate)').get()?.busy === 0
  await until(isInTheDatabase, 'the log is empty', 10_000)
  assert.equal(child.exitCode, null)
  let lines = 0
  for await (const chunk of child.stdout) lines += String(chunk).split('\n').length - 1
  assert.equal(lines, 2 * SIZES.runs)
  assert.deepEqual(
    (await readdir(machines.dataManagement)).filter((name) => name.includes('export')),
    [],
  )
})
