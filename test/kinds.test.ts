/** Outboxes of several kinds on a scraping machine, and what becomes of their files on the server. */
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openMachines, recordsIn, until } from './machines.ts'

const LINKS = '{"category":"dairy"}\n{"category":"bread"}\n'

test('upload-data sends what lies in the outbox of every kind, and one kind that is not taken keeps no other waiting', async () => {
  await using machines = await openMachines()
  const put = async (folder: string, text: string, name = 'x.jsonl') => {
    await mkdir(join(machines.scraping, folder), { recursive: true, mode: 0o700 })
    await writeFile(join(machines.scraping, folder, name), text)
  }
  await put('category_links_outbox', LINKS)
  await put('recipes_outbox', '{"recipe":1}\n')
  const server = await machines.serve(['--no-update-db'], { KINDS: 'category_links' })
  const key = await machines.key('upload,read')
  const run = await machines.upload(server, key, '--json', '--wait')
  assert.equal(run.code, 3, run.stderr)
  const records = recordsIn(run)
  const told = records.flatMap(({ kind, name, state }) => (state === undefined ? [] : [`${kind} ${name} ${state}`]))
  assert.deepEqual(told, ['category_links x.jsonl accepted', 'category_links x.jsonl delivered'])
  const summary = records.at(-1) as {
    outcome: string
    sent: number
    delivered: number
    waiting: number
    problem: object
  }
  assert.deepEqual([summary.outcome, summary.sent, summary.delivered, summary.waiting], ['partly', 1, 1, 1])
  assert.match(JSON.stringify(summary.problem), /"kind_unknown".*recipes.* is none of products, category_links/)
  assert.equal(await readFile(join(machines.dataManagement, 'category_links_inbox', 'x.jsonl'), 'utf8'), LINKS)
  assert.deepEqual(await machines.names('scraping', 'temp_jsonl_category_links_storage'), ['x.jsonl', 'x.receipt.json'])
  // A person names one kind; a watch finds an outbox that was made later.
  await put('product_outbox', 'no row\n')
  const only = await machines.upload(server, key, '--kind', 'category_links')
  assert.equal(only.code, 0, only.stderr)
  assert.deepEqual(await machines.names('scraping', 'product_outbox'), ['x.jsonl'])
  const watch = machines.start(['upload-data', '--watch', '--kind', 'products', '--kind', 'category_links'], {
    ...{ API_SERVER_URL: server.url, API_SECRET_KEY: key, UPLOAD_WATCH_SECONDS: '1' },
  })
  await put('category_links_outbox', '{"category":"fish"}\n', 'later.jsonl')
  const arrived = async () => (await machines.names('data_management', 'category_links_inbox')).includes('later.jsonl')
  await until(arrived, 'the watch has sent what came later')
  watch.child.kill('SIGINT')
  assert.equal((await watch.ended).code, 0, watch.printed())
  const wrong = await machines.run(['upload-data', '--kind', '../x'])
  assert.equal(wrong.code, 2, wrong.stderr)
  const none = await machines.run(['update-db'])
  assert.deepEqual([none.code, /say what to load: --products/.test(none.stderr)], [2, true], none.stderr)
})
