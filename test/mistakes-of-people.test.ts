/** Mistakes that people make with a server: a wrong address, a wrong folder. Nothing is lost by them. */
import assert from 'node:assert/strict'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import {
  beginSwap,
  checkNoSwap,
  finishSwap,
  readSwap,
  stagedPathOf,
  undoSwap,
} from '@splitcart/data-management/database/swap.ts'
import { openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { rowsText } from '../packages/data-management/test/receiver.ts'
import { type Machines, openMachines, recordsIn } from './machines.ts'
import { NO_POSTGRES, sharedPostgres } from './postgres.ts'

const makeDatabase = sharedPostgres()
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

test('databases in PostgreSQL are joined on a machine without a data folder, too', { skip: NO_POSTGRES }, async () => {
  await using database = await makeDatabase()
  await using machines = await openMachines()
  const alone = { DATABASE_URL: database.address }
  for (const settings of [alone, { ...alone, INBOX_URL: 'nats://127.0.0.1:1' }]) {
    const { code, stderr } = await machines.run(['join-databases'], settings)
    assert.equal(code, 0, stderr)
  }
})

/** A backup of two loaded files, and three more since. */
async function openBackedUp(): Promise<{ machines: Machines; backup: string; key: string; id: string }> {
  const machines = await openLoaded(2)
  const made = await machines.run(['keys', 'create', 'stolen', '--json'])
  const [{ id, key } = { id: '', key: '' }] = recordsIn<{ id: string; key: string }>(made)
  const backup = join(machines.path, 'backup.db')
  assert.equal((await machines.run(['backup', backup])).code, 0)
  const inbox = join(machines.dataManagement, 'product_inbox')
  for (const number of [7, 8, 9]) await writeFile(join(inbox, `${number}.jsonl`), rowsText(1, number))
  assert.equal((await machines.run(LOAD)).code, 0)
  return { machines, backup, key, id }
}

test('a restored backup revives no key that was revoked since, the audit has it, and what came since is loaded again', async () => {
  const { machines, backup, key, id } = await openBackedUp()
  await using _machines = machines
  assert.equal((await machines.run(['keys', 'revoke', id])).code, 0)
  const shown = await machines.run(['export', 'observations'])
  const restored = await machines.run(['restore', backup])
  assert.equal(restored.code, 0, restored.stderr)
  assert.match(restored.stdout, /3 uploads that came after the backup will be loaded again from product_processed/)
  assert.match(restored.stdout, /1 key that had ended since stay/)
  await using ledger = openLedger(machines.dataManagement)
  assert.equal(await ledger.keys.authenticate(key, Date.now()), undefined)
  const entries = await ledger.auditEntries(Number.MAX_SAFE_INTEGER, 9)
  assert.match(entries.find(({ what }) => what === 'backup restored')?.detail ?? '', /1 keys ended again/)
  assert.equal((await machines.run(LOAD)).code, 0)
  assert.deepEqual(await states(machines), { loaded: 5, held: 0, failed: 0, lost: 0 })
  assert.equal((await machines.run(['export', 'observations'])).stdout, shown.stdout)
})

test('without the ledger that was there, the keys that a backup brings back are named', async () => {
  const { machines, backup, id } = await openBackedUp()
  await using _machines = machines
  for (const ending of ['', '-wal', '-shm'])
    await rm(join(machines.dataManagement, `ledger.db${ending}`), { force: true })
  assert.ok((await machines.run(['restore', backup])).stdout.includes(id))
})

test('killed at any point, a restore is finished or taken back as a whole, and nobody works in between', async () => {
  const { machines, backup } = await openBackedUp()
  await using _machines = machines
  const before = await states(machines)
  let interrupted = 0
  for (const isTakenBack of [true, false])
    for (let calls = 0; ; calls++) {
      const copy = await copyOf(machines, backup)
      const isDone = await swapUntil(copy, calls)
      const other = { DATA_MANAGEMENT_DATA_DIR: copy }
      if (!isDone) {
        interrupted++
        await assert.rejects(checkNoSwap(copy), /restore --finish/)
        if (calls === 2) {
          assert.match((await machines.run(['serve', '--port', '0'], other)).stderr, /restore --finish/)
          assert.equal((await machines.run(['restore', isTakenBack ? '--take-back' : '--finish'], other)).code, 0)
        } else await (isTakenBack ? undoSwap : finishSwap)(realDisk(), copy, (await readSwap(copy))!)
      }
      await using ledger = openLedger(copy)
      using catalogue = openCatalogue(join(copy, 'catalogue.db'))
      const { loaded } = await ledger.uploads.countByState()
      const loads = catalogue.database.get<{ n: number }>('select count(*) as n from load')?.n
      assert.deepEqual([loaded, loads], isTakenBack && !isDone ? [before.loaded, 5] : [2, 2], `after ${calls} calls`)
      if (isDone) break
    }
  assert.ok(interrupted >= 12, String(interrupted))
})

/** A data folder with databases that have logs, and what is to take their places beside them. */
async function copyOf({ path, dataManagement }: Machines, backup: string): Promise<string> {
  const copy = await mkdtemp(join(path, 'copy-'))
  for (const name of ['ledger', 'catalogue']) {
    const from = join(dataManagement, `${name}.db`)
    {
      // A log that is not empty: an open connection keeps it.
      using _open = new DatabaseSync(from)
      _open.exec('create table if not exists a_test (n); insert into a_test values (1)')
      for (const ending of ['', '-wal']) await copyFile(from + ending, join(copy, `${name}.db${ending}`))
    }
    await copyFile(name === 'ledger' ? `${backup}.ledger` : backup, stagedPathOf(join(copy, `${name}.db`)))
  }
  return copy
}

/** Swaps until so many calls have changed a name, and goes no further; false: it was interrupted. */
async function swapUntil(folder: string, callsMax: number): Promise<boolean> {
  const disk = realDisk()
  let calls = 0
  const counted =
    <A extends unknown[]>(call: (...given: A) => Promise<unknown>) =>
    async (...given: A) => {
      if (calls++ >= callsMax) throw new Error('killed')
      await call(...given)
    }
  const limited = { ...disk, link: counted(disk.link), unlink: counted(disk.unlink) } as Disk
  const swap = { databases: ['ledger.db', 'catalogue.db'].map((name) => join(folder, name)), aside: 'before' }
  await beginSwap(disk, folder, swap)
  return finishSwap(limited, folder, swap).then(
    () => true,
    (error) => {
      assert.match(String(error), /killed/)
      return false
    },
  )
}
