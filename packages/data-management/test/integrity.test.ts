/** A byte that the disk has changed in a database is noticed without anybody asking for it, and told. */
import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openLog } from '@splitcart/shared/log.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { faultsOf, type Integrity, lookAt } from '../database/integrity.ts'

test('a damaged page is found and told, also in a table that nobody asks for; a sound database is sound', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'catalogue.db')
  openCatalogue(path)[Symbol.dispose]()
  {
    using database = new DatabaseSync(path)
    const add = database.prepare("insert into company (code, name) values ('c' || ?, 'a company')")
    for (let index = 0; index < 2_000; index++) add.run(index)
    database.exec('pragma wal_checkpoint(truncate)')
  }
  assert.deepEqual(await faultsOf([path]), [])
  const file = await open(path, 'r+')
  const bytes = await file.readFile()
  // In an index: the text of a key, which now stands in the wrong place.
  const place = bytes.lastIndexOf('c1500')
  await file.write(Buffer.from('z'), 0, 1, place)
  await file.close()
  const integrity: Integrity = { latest: undefined }
  await lookAt(integrity, [path], openLog('silent'))
  assert.ok(integrity.latest!.faults.length > 0)
  assert.match(integrity.latest!.faults[0]!, /catalogue\.db: /)
  assert.match((await faultsOf([join(at.path, 'nothing.db')]))[0]!, /unable to open/)
})
