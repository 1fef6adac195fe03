/** A file that ends the loader each time is set aside, with the reason; those behind it are loaded. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { rowsText } from '../packages/data-management/test/receiver.ts'
import { type Machines, openMachines, until } from './machines.ts'

const LOAD = ['update-db', '--products'] as const

// A load that begins never ends, however quick the machine.
const ENDLESS = `create trigger endless before insert on load begin
  select count(*) from (with recursive number(n) as (select 1 union all select n + 1 from number) select n from number); end`

function changeCatalogue({ dataManagement }: Machines, sql: string): void {
  using catalogue = new DatabaseSync(join(dataManagement, 'catalogue.db'), { timeout: 30_000 })
  catalogue.exec(sql)
}

/** Kills the loader in the middle of a file, as a system does that has no memory left. */
async function dieLoading(machines: Machines, deaths: number): Promise<void> {
  await using ledger = openLedger(machines.dataManagement)
  const { child } = machines.start(LOAD)
  const ended = once(child, 'exit')
  const attempts = async () => (await ledger.uploads.list({ state: 'loading', limit: 1 }))[0]?.load_attempts
  await until(async () => (await attempts()) === deaths, 'the file is being loaded')
  child.kill('SIGKILL')
  assert.equal((await ended)[1], 'SIGKILL')
  assert.equal((await ledger.uploads.countByState()).loading, 1)
}

test('a file of which the loader died twice is held with the reason, and the others are loaded', async () => {
  await using machines = await openMachines()
  const inbox = join(machines.dataManagement, 'product_inbox')
  await machines.makeServerData()
  assert.equal((await machines.run(LOAD)).code, 0, 'there are databases')
  for (const [name, count] of [
    ['deadly', 200],
    ['honest', 3],
  ] as const) {
    const path = join(inbox, `${name}.jsonl`)
    await writeFile(path, rowsText(count, count))
    await utimes(path, count, 100_000 - count)
  }
  changeCatalogue(machines, ENDLESS)
  for (const deaths of [1, 2]) await dieLoading(machines, deaths)
  changeCatalogue(machines, 'drop trigger endless')
  await machines.run(LOAD)
  {
    await using ledger = openLedger(machines.dataManagement)
    const [held] = await ledger.uploads.list({ state: 'held', limit: 9 })
    assert.equal(held?.filename, 'deadly.jsonl')
    assert.match(held?.load ?? '', /Loading it ended the loader 2 times/)
    assert.equal((await ledger.uploads.countByState()).loaded, 1)
  }
  assert.deepEqual(await machines.names('data_management', 'product_inbox'), [])
  assert.deepEqual(await machines.names('data_management', 'product_held'), ['deadly.jsonl'])
  const released = await machines.run(['holds', 'release', 'deadly.jsonl'])
  assert.equal(released.code, 0, released.stderr)
})
