/** Mistakes that people make with a server: a wrong address, a wrong folder. Nothing is lost by them. */
import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCatalogue } from '@splitcart/data-management/catalogue/catalogue.ts'
import { openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { rowsText } from '../packages/data-management/test/receiver.ts'
import { type Machines, openMachines } from './machines.ts'

const LOAD = ['update-db', '--products'] as const

/** Some loaded files, whose copies for replay have been pruned. */
async function openLoaded(count: number): Promise<Machines> {
  const machines = await openMachines()
  const inbox = join(machines.dataManagement, 'product_inbox')
  await mkdir(inbox, { recursive: true, mode: 0o700 })
  for (let number = 0; number < count; number++)
    await writeFile(join(inbox, `${number}.jsonl`), rowsText(1, number + 1))
  assert.equal((await machines.run(LOAD)).code, 0)
  await rm(join(machines.dataManagement, 'product_processed'), { recursive: true })
  return machines
}

async function states({ dataManagement }: Machines): Promise<Record<string, number>> {
  await using ledger = openLedger(dataManagement)
  const { loaded, held, failed } = await ledger.uploads.countByState()
  return { loaded, held, failed, lost: (await ledger.lost.list('', 999)).length }
}

test('a mistyped DATABASE_URL is refused in one sentence, and the receipts stay', async () => {
  await using machines = await openLoaded(12)
  const other = { DATABASE_URL: `sqlite:${join(machines.dataManagement, 'catalog.db')}` }
  for (const command of [LOAD, ['serve', '--port', '0'], ['keys', 'list']]) {
    const { code, stderr } = await machines.run(command, other)
    assert.equal(code, 1, stderr)
    assert.match(stderr, /catalog\.db is not the catalogue of .*ledger\.db.*splitcart join-databases/)
    assert.doesNotMatch(stderr, /\bat .*\.ts:/)
  }
  assert.deepEqual(await states(machines), { loaded: 12, held: 0, failed: 0, lost: 0 })
  assert.equal((await machines.run(['loads', 'undo', '3.jsonl', '--reason', 'a test'])).code, 0)
})

test('who says that the catalogue is lost gets another one; what is found again later is known as it was', async () => {
  await using machines = await openLoaded(12)
  const other = { DATABASE_URL: `sqlite:${join(machines.dataManagement, 'catalog.db')}` }
  const joined = await machines.run(['join-databases'], other)
  assert.equal(joined.code, 0, joined.stderr)
  assert.equal((await machines.run(LOAD, other)).code, 0)
  assert.deepEqual(await states(machines), { loaded: 0, held: 0, failed: 0, lost: 12 })
  assert.equal((await machines.run(LOAD)).code, 1)
  assert.equal((await machines.run(['join-databases'])).code, 0)
  assert.equal((await machines.run(LOAD)).code, 0)
  assert.deepEqual(await states(machines), { loaded: 12, held: 0, failed: 0, lost: 0 })
})

test('a catalogue in which more than a few loads are missing waits for a person', async () => {
  await using machines = await openLoaded(12)
  {
    using catalogue = openCatalogue(join(machines.dataManagement, 'catalogue.db'))
    catalogue.database.script('pragma foreign_keys = off; delete from load')
  }
  const { stderr } = await machines.run(LOAD)
  assert.match(stderr, /more than 10 uploads that the ledger calls loaded are not in the catalogue/)
  assert.deepEqual(await states(machines), { loaded: 12, held: 0, failed: 0, lost: 0 })
  assert.equal((await machines.run(['join-databases'])).code, 0)
  assert.equal((await machines.run(LOAD)).code, 0)
  assert.deepEqual(await states(machines), { loaded: 0, held: 0, failed: 0, lost: 12 })
})
