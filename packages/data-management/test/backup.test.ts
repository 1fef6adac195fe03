/** A backup is whole or not there, and one that broke off stands in the way of none that follows. */
import assert from 'node:assert/strict'
import { readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { realDisk } from '@splitcart/shared/disk.ts'
import { failingDisk } from '@splitcart/shared/test/failing-disk.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { backUp, checkCopy, type DatabaseFiles } from '../database/backup.ts'
import { backupFilesOf, newBackupFiles, removeInterruptedBackups } from '../database/backup-folder.ts'

function makeDatabases(folder: string): DatabaseFiles {
  for (const [name, table] of [
    ['catalogue.db', 'price_run'],
    ['ledger.db', 'upload'],
  ] as const) {
    using database = new DatabaseSync(join(folder, name))
    database.exec(`pragma journal_mode = wal; create table ${table} (x); insert into ${table} values (1)`)
  }
  return { catalogue: join(folder, 'catalogue.db'), ledger: join(folder, 'ledger.db') }
}

function checkBoth({ catalogue, ledger }: DatabaseFiles): void {
  checkCopy(catalogue, 'price_run')
  checkCopy(ledger, 'upload')
}

test('after a backup that was killed at any step, the next one to the same place is whole and all there is', async () => {
  await using at = await temporaryFolder()
  const from = makeDatabases(at.path)
  for (let step = 1, more = true; more; step++) {
    const folder = join(at.path, `killed-${step}`)
    await mkdir(folder)
    const to = backupFilesOf(join(folder, 'x.db'))
    const dying = failingDisk(step, 'EIO', { stays: true })
    more = await backUp(dying, from, to).then(
      () => false,
      () => true,
    )
    // Killed after both had their names it is whole already, and stays.
    await backUp(realDisk(), from, to).catch((error) => assert.match(error.message, /x\.db exists/))
    checkBoth(to)
    assert.deepEqual(readdirSync(folder).sort(), ['x.db', 'x.db.ledger'], `killed at step ${step}`)
    assert.ok(step < 100 && (more || step > 10), `${dying.calls()} steps`)
  }
})

test('a backup that an error ends leaves nothing, or is whole', async () => {
  await using at = await temporaryFolder()
  const from = makeDatabases(at.path)
  for (let step = 1, more = true; more; step++) {
    const folder = join(at.path, `failed-${step}`)
    await mkdir(folder)
    const to = backupFilesOf(join(folder, 'x.db'))
    more = await backUp(failingDisk(step, 'ENOSPC'), from, to).then(
      () => false,
      () => true,
    )
    const names = readdirSync(folder).sort()
    if (names.length === 0) continue
    assert.deepEqual(names, ['x.db', 'x.db.ledger'], `step ${step}`)
    checkBoth(to)
  }
})

test('a backup never takes the name of a file that is there, also of a ledger alone', async () => {
  await using at = await temporaryFolder()
  const from = makeDatabases(at.path)
  const to = backupFilesOf(join(at.path, 'x.db'))
  for (const path of [to.ledger, to.catalogue]) {
    writeFileSync(path, 'mine')
    await assert.rejects(backUp(realDisk(), from, to), /exists, and no backup is written over anything/)
  }
})

test('of a database that is damaged or cannot be read a backup says which, and leaves nothing', async (t) => {
  await using at = await temporaryFolder()
  const from = makeDatabases(at.path)
  await mkdir(join(at.path, 'to'))
  const to = backupFilesOf(join(at.path, 'to', 'x.db'))
  const text = join(at.path, 'text.db')
  writeFileSync(text, 'this is not a database '.repeat(100))
  const told = (catalogue: string, detail: string) =>
    assert.rejects(backUp(realDisk(), { ...from, catalogue }, to), { code: 'copy_not_made', detail })
  await told(text, `${text} is damaged; restore an earlier backup (splitcart restore): file is not a database`)
  // SQLITE_IOERR_READ, _DATA and _CORRUPTFS, and SQLITE_BUSY.
  for (const errcode of [266, 8202, 8458, 5]) {
    t.mock.method(DatabaseSync.prototype, 'prepare', () => {
      throw Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode })
    })
    await told(from.catalogue, `${from.ledger} cannot be read: disk I/O error`)
    t.mock.restoreAll()
  }
  assert.deepEqual(readdirSync(join(at.path, 'to')), [])
})

test('in a folder backups are named by their time, and what broke off more than an hour ago goes', async () => {
  await using at = await temporaryFolder()
  const now = new Date('2026-07-02T03:15:04.987Z')
  const { catalogue, ledger } = newBackupFiles(at.path, now)
  assert.equal(catalogue, join(at.path, 'splitcart-2026-07-02T03-15-04.987Z.db'))
  assert.equal(ledger, `${catalogue}.ledger`)
  const stays = ['splitcart-2026-07-01T01-00-00Z.db', 'splitcart-2026-07-01T01-00-00Z.db.ledger', 'notes.db.part']
  const broken = ['splitcart-2026-07-01T02-00-00Z.db.part', 'splitcart-2026-07-01T02-00-00Z.db.ledger']
  const journals = [
    'splitcart-2026-07-01T03-00-00.123Z.db.ledger.part',
    'splitcart-2026-07-01T03-00-00.123Z.db.ledger.part-journal',
  ]
  const running = ['splitcart-2026-07-02T01-00-00Z.db.part', 'splitcart-2026-07-02T03-14-00Z.db.part']
  // Of the first of these the catalogue has been copied for hours: the ledger's part rests meanwhile.
  const resting = 'splitcart-2026-07-02T01-00-00Z.db.ledger.part'
  for (const name of [...stays, ...broken, ...journals, ...running, resting]) {
    const path = join(at.path, name)
    writeFileSync(path, '')
    const ageSeconds = running.includes(name) ? 60 : 24 * 60 * 60
    utimesSync(path, now.getTime() / 1000 - ageSeconds, now.getTime() / 1000 - ageSeconds)
  }
  await removeInterruptedBackups(realDisk(), at.path, now)
  assert.deepEqual(readdirSync(at.path).sort(), [...stays, ...running, resting].sort())
})
