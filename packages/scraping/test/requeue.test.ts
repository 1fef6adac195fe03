/** Promise 2: an accepted upload that the server no longer knows is sent again, and no other is. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { until } from '../../../test/machines.ts'
import { createUploadClient } from '../upload-client.ts'
import { loaded } from './any-server.ts'
import { putInOutbox, row, textOf, visible } from './place.ts'
import { freshSender, KEY, type Sender, told, upload } from './sender.ts'

const TEXT = textOf(row('Bread'))
const OTHER = textOf(row('Milk'))

/** A sender that has sent a.jsonl, to a server that then forgets it. */
async function forgotten(change: (receipt: Receipt) => Receipt = (receipt) => receipt): Promise<Sender> {
  const sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', TEXT)
  await upload(sender)
  for (const [id, receipt] of sender.server.uploads) sender.server.uploads.set(id, change(receipt))
  await upload(sender)
  for (const known of [sender.server.uploads, sender.server.contents]) known.clear()
  return sender
}

function warnings({ events }: Sender): string[] {
  return events.flatMap((event) => (event.type === 'warning' ? [event.problem.code] : []))
}

test('an accepted upload that the server has forgotten is sent again, and a warning says so', async () => {
  await using sender = await forgotten()
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.sent, summary.waiting], ['done', 1, 0])
  assert.deepEqual(warnings(sender), ['upload_forgotten'])
  assert.deepEqual(told(sender), ['a.jsonl accepted', 'a.jsonl accepted'])
  assert.deepEqual([...sender.server.contents.values()].map(String), [TEXT])
  assert.deepEqual(await visible(sender.place.folders.archive), ['a.jsonl', 'a.receipt.json'])
})

test('so is a held one, and what was rejected of it before does not stay next to it', async () => {
  await using sender = await forgotten((receipt) => ({ ...loaded(receipt, 1), state: 'held' }))
  const { archive } = sender.place.folders
  assert.deepEqual(await visible(archive), ['a.jsonl', 'a.receipt.json', 'a.rejects.jsonl'])
  assert.equal((await upload(sender)).sent, 1)
  assert.deepEqual(await visible(archive), ['a.jsonl', 'a.receipt.json'])
})

test('a loaded upload is never asked for again, whatever the server has forgotten', async () => {
  await using sender = await forgotten((receipt) => loaded(receipt))
  const asked = sender.server.heard.length
  assert.equal((await upload(sender)).sent, 0)
  assert.equal(sender.server.heard.length, asked)
})

test('waiting lasts until the file that was sent again is loaded', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', TEXT)
  const { client } = sender.job
  let asked = 0
  const receipt: typeof client.receipt = async (id) => {
    if (++asked === 2) sender.server.uploads.clear()
    else if (asked > 2) for (const [known, one] of sender.server.uploads) sender.server.uploads.set(known, loaded(one))
    return client.receipt(id)
  }
  const summary = await upload({ ...sender, job: { ...sender.job, client: { ...client, receipt } } }, { wait: true })
  assert.deepEqual([summary.sent, summary.loaded, summary.waiting], [2, 1, 0])
})

test('a newer file of the same name in the outbox is left as it is, and both are sent', async () => {
  await using sender = await forgotten()
  await putInOutbox(sender.place, 'a.jsonl', OTHER)
  assert.equal((await upload(sender)).sent, 2)
  assert.deepEqual(new Set([...sender.server.contents.values()].map(String)), new Set([TEXT, OTHER]))
  const { archive } = sender.place.folders
  const names = await visible(archive)
  assert.equal(names.length, 4)
  for (const name of names.filter((one) => one.endsWith('.jsonl'))) {
    const { sha256 } = JSON.parse(await readFile(join(archive, name.replace('.jsonl', '.receipt.json')), 'utf8'))
    assert.ok(sender.server.uploads.has(`id-${sha256.slice(0, 8)}`), `${name} has its own receipt`)
  }
})

test('a file that goes back under the name of one that was just sent is sent in the same run', async () => {
  await using sender = await forgotten()
  const { archive, outbox } = sender.place.folders
  await putInOutbox(sender.place, 'a.jsonl', OTHER)
  const { client } = sender.job
  // Whether a file is known is told when the other one has left the outbox.
  const receipt: typeof client.receipt = async (id) => {
    await until(async () => (await visible(outbox)).length === 0, 'the newer file is sent')
    return client.receipt(id)
  }
  const summary = await upload({ ...sender, job: { ...sender.job, client: { ...client, receipt } } })
  assert.deepEqual([summary.sent, summary.waiting], [2, 0])
  assert.equal((await visible(archive)).length, 4)
})

test('a crash between the move and the receipt leaves nothing to do by hand', async () => {
  await using sender = await forgotten()
  const { archive, outbox } = sender.place.folders
  await writeFile(join(outbox, 'a.jsonl'), await readFile(join(archive, 'a.jsonl')))
  assert.equal((await upload(sender)).outcome, 'done')
  assert.deepEqual(await visible(archive), ['a.jsonl', 'a.receipt.json'])
  assert.deepEqual(await visible(outbox), [])
})

test('the 404 of a proxy or of a wrong path says nothing about an upload', async () => {
  const answers = [
    { body: '<h1>Not Found</h1>', type: 'text/html', hint: /no SplitCart server is there/ },
    { body: JSON.stringify(NOT_FOUND), type: 'application/problem+json', hint: /is there, but not at this path/ },
  ]
  for (const { body, type, hint } of answers) {
    await using sender = await forgotten()
    const proxy = createServer((_request, response) =>
      response.writeHead(404, { 'content-type': type }).end(body),
    ).listen(0, '127.0.0.1')
    await new Promise((listening) => proxy.on('listening', listening))
    const server = new URL(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}/wrong`)
    const job = { ...sender.job, client: createUploadClient({ server, key: KEY }) }
    const summary = await upload({ ...sender, job })
    assert.deepEqual([summary.outcome, summary.problem?.code], ['unreachable', 'answer_unknown'])
    assert.match(summary.problem?.detail ?? '', hint)
    assert.deepEqual(await visible(sender.place.folders.archive), ['a.jsonl', 'a.receipt.json'])
    proxy.close()
  }
})

const NOT_FOUND = {
  type: 'urn:splitcart:problem:not_found',
  status: 404,
  code: 'not_found',
  title: 'There is nothing here',
  detail: 'no such address',
  todo: 'Check the address and the id.',
}
