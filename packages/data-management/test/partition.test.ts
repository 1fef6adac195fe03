/** Products are a function of what is said, checked against the simplest thing that could be right. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { faultOfPartition } from './partition-case.ts'

const STORIES = 3_000

test(`${STORIES} random stories, in random orders, give what the rules say word for word`, () => {
  for (let seed = 1; seed <= STORIES; seed++) assert.equal(faultOfPartition(seed), undefined, `seed ${seed}`)
})

test('joining and parting 40,000 listings takes as many steps a listing as 4,000', async () => {
  const program = join(import.meta.dirname, 'partition-steps.ts')
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-opt', '--no-maglev', program, '4000', '40000'])
  const [few, many] = stdout.split('\n').map(Number) as [number, number]
  assert.ok(few > 10 && many < 1.3 * few, `${few} and ${many} steps a listing`)
})
