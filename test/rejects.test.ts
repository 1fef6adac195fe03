/** `splitcart rejects`: says of every rejected row that there is one. */
import assert from 'node:assert/strict'
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openMachines, recordsIn } from './machines.ts'

test('rejected rows that are counted and not on record are told', async () => {
  await using machines = await openMachines()
  await machines.makeServerData()
  const path = join(machines.dataManagement, 'product_inbox', 'x.jsonl')
  await writeFile(path, '1\n2\n3\n')
  await utimes(path, 1, 1)
  await machines.run(['update-db', '--products'])
  const last = async () => (await machines.run(['rejects', 'show', 'x.jsonl'])).stdout.trim().split('\n').at(-1)
  assert.equal(await last(), 'x.jsonl: 3 rows rejected.')
  {
    using catalogue = new DatabaseSync(join(machines.dataManagement, 'catalogue.db'))
    catalogue.exec('delete from reject where line = 2')
  }
  assert.equal(await last(), 'x.jsonl: 3 rows rejected; 1 of them counted, not listed.')
  const summary = recordsIn<object>(await machines.run(['rejects', 'show', 'x.jsonl', '--json'])).at(-1)
  assert.deepEqual(summary, { type: 'summary', name: 'x.jsonl', rejected: 3, unlisted: 1 })
})
