/** Files of other kinds in a fleet. */
import assert from 'node:assert/strict'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { maintain } from '../update-db/maintenance.ts'
import { NOBODY, scene, skip } from './fleet-scene.ts'
import { named, post } from './receiver.ts'

test('a loader takes files of every kind: it loads a list of stores, and hands over what it does not know', {
  skip,
}, async () => {
  await using at = await scene()
  const about = { 'Content-Type': 'application/x-ndjson', 'Content-Disposition': named('x.jsonl') }
  const send = (kind: string, text: string) => post(at.receiver, about, text, `/api/upload/${kind}/`)
  const stores = await send('stores', '{"company":"aldi","store_id":"S1","suburb":"Nerang"}\n')
  const links = await send('links', '{"link":1}\n')
  assert.deepEqual([stores.body.state, links.body.state], ['accepted', 'accepted'])
  await at.load()
  assert.deepEqual([await at.stateOf(stores.body.id), await at.stateOf(links.body.id)], ['loaded', 'delivered'])
  const inbox = join(at.receiver.folders.data, 'links_inbox')
  assert.equal(await readFile(join(inbox, 'x.jsonl'), 'utf8'), '{"link":1}\n')
  await rm(join(inbox, 'x.jsonl'))
  assert.equal((await send('links', '{"link":1}\n')).body.state, 'delivered')
  await at.load()
  await maintain(at.work, NOBODY, 0)
  assert.deepEqual(await readdir(inbox), [])
  assert.equal(await at.stateOf(links.body.id), 'delivered')
})
