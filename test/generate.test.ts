/** `splitcart generate` writes into outboxes, so it keeps to what holds there. */
import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openMachines, until } from './machines.ts'

test('a generated file appears in the outbox whole, never over another one, and after a kill it is made anew', async () => {
  await using machines = await openMachines()
  const outbox = join(machines.scraping, 'product_outbox')
  const names = () => readdir(outbox).catch(() => [])
  const large = machines.start(['generate', outbox, '--one-file', 'x.jsonl', '--days', '300'])
  await until(async () => (await names()).length > 0, 'something is written')
  large.child.kill('SIGKILL')
  await large.ended
  assert.deepEqual(await machines.names('scraping', 'product_outbox'), [])
  const small = ['generate', outbox, '--one-file', 'x.jsonl', '--companies', '1', '--stores', '1', '--days', '2']
  for (const again of [small, small]) assert.equal((await machines.run(again)).code, 0)
  assert.deepEqual(await names(), ['x.jsonl'])
  await writeFile(join(outbox, 'x.jsonl'), 'mine\n')
  const refused = await machines.run(small)
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /x\.jsonl is there and holds something else; name another folder/)
  assert.equal(await readFile(join(outbox, 'x.jsonl'), 'utf8'), 'mine\n')
  assert.deepEqual(await names(), ['x.jsonl'])
})
