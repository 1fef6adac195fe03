/** `splitcart backup` and `splitcart restore`, as an operator runs them. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { type Machines, openMachines, PROGRAM, recordsIn, startProgram, withoutSettings } from './machines.ts'

const NO_LIMIT = process.platform === 'win32' && 'Windows has no ulimit'
const SMALL = ['--companies', '1', '--stores', '1', '--days', '1', '--products', '50']

async function loadOne(machines: Machines): Promise<void> {
  await machines.run(['generate', join(machines.dataManagement, 'product_inbox'), ...SMALL])
  const loaded = await machines.run(['update-db', '--products'])
  assert.equal(loaded.code, 0, loaded.stderr)
}

/** Runs a command that can write 16 KiB into a file and no more, as on a disk that is full. */
function runOnFullDisk(machines: Machines, ...args: string[]) {
  const command = `ulimit -f 32; exec "$0" "$@"`
  const env = { ...withoutSettings(), DATA_MANAGEMENT_DATA_DIR: machines.dataManagement }
  return startProgram(['-c', command, process.execPath, PROGRAM, ...args], machines.path, env, '/bin/sh').ended
}

test('a backup goes into a folder under its time, and a full disk neither leaves a part nor blocks the next', {
  skip: NO_LIMIT,
}, async () => {
  await using machines = await openMachines()
  await loadOne(machines)
  const folder = join(machines.path, 'backups')
  await mkdir(folder)
  for (const place of [folder, join(folder, 'x.db')]) {
    const full = await runOnFullDisk(machines, 'backup', place)
    assert.equal(full.code, 1)
    assert.match(full.stderr, /^splitcart: The copy was not made: .*ledger cannot be written: [^\n]+\n[^\n]+\n$/)
    assert.deepEqual(await machines.names('backups'), [])
  }
  const made = await machines.run(['backup', folder, '--json'])
  assert.equal(made.code, 0, made.stderr)
  const [catalogue = '', ledger = ''] = await machines.names('backups')
  assert.match(catalogue, /^splitcart-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.db$/)
  assert.equal(ledger, `${catalogue}.ledger`)
  const [summary] = recordsIn(made)
  assert.deepEqual(summary, { type: 'summary', catalogue: join(folder, catalogue), ledger: join(folder, ledger) })
  // The oldest go, whole; what is not a backup of a time stays.
  const old = ['splitcart-2025-01-01T00-00-00Z.db', 'splitcart-2025-01-02T00-00-00Z.db']
  for (const name of [...old, `${old[0]}.ledger`, `${old[1]}.ledger`, 'by-hand.db'])
    await writeFile(join(folder, name), '')
  const keeping = await machines.run(['backup', folder, '--keep', '2', '--json'])
  assert.equal(keeping.code, 0, keeping.stderr)
  const [{ catalogue: newest = '', removed } = {}] = recordsIn<{ catalogue?: string; removed?: string[] }>(keeping)
  assert.deepEqual(
    removed,
    old.map((name) => join(folder, name)),
  )
  const kept = [catalogue, basename(newest)].flatMap((name) => [name, `${name}.ledger`])
  assert.deepEqual(await machines.names('backups'), ['by-hand.db', ...kept].sort())
  assert.equal((await machines.run(['backup', join(folder, 'x.db'), '--keep', '2'])).code, 2)
})

test('a restore for which there is no room leaves everything as it was', { skip: NO_LIMIT }, async () => {
  await using machines = await openMachines()
  await loadOne(machines)
  const backup = join(machines.path, 'x.db')
  assert.equal((await machines.run(['backup', backup])).code, 0)
  const digest = () =>
    createHash('sha256')
      .update(readFileSync(join(machines.dataManagement, 'catalogue.db')))
      .digest('hex')
  const [before, names] = [digest(), await machines.names('data_management')]
  const full = await runOnFullDisk(machines, 'restore', backup)
  assert.equal(full.code, 1)
  assert.match(full.stderr, /^splitcart: The copy was not made: .*cannot be written: /)
  assert.deepEqual([digest(), await machines.names('data_management')], [before, names])
  const restored = await machines.run(['restore', backup])
  assert.match(restored.stdout, /^Restored. What was there is kept: .*catalogue\.db\.before-/)
  const folder = await machines.run(['restore', machines.path])
  assert.match(folder.stderr, /is a folder; name the \.db file in it/)
})

test('a restore into a folder where nothing was says nothing of what was there', async () => {
  await using machines = await openMachines()
  await loadOne(machines)
  const backup = join(machines.path, 'x.db')
  await machines.run(['backup', backup])
  const elsewhere = { DATA_MANAGEMENT_DATA_DIR: join(machines.path, 'elsewhere') }
  const { code, stdout, stderr } = await machines.run(['restore', backup], elsewhere)
  assert.deepEqual([code, stdout], [0, 'Restored.\n'], stderr)
  const exported = await machines.run(['export', 'observations'])
  assert.equal((await machines.run(['export', 'observations'], elsewhere)).stdout, exported.stdout)
})
