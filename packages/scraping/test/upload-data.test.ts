import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { lockOutbox } from '../upload-data.ts'
import { anyServer, problem } from './any-server.ts'
import { copiesIn, putInOutbox, row, textOf, visible } from './place.ts'
import { freshSender, told, upload } from './sender.ts'

const BREAD = textOf(row('Bread'))
const MILK = textOf(row('Milk'))

async function receiptIn(folder: string, stem: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(folder, `${stem}.receipt.json`), 'utf8'))
}

test('waiting files go to the server and then to the archive, each with its receipt', async () => {
  await using sender = await freshSender()
  const { outbox, archive, spool } = sender.place.folders
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  await putInOutbox(sender.place, 'b.jsonl', MILK)
  const summary = await upload(sender)
  assert.deepEqual(
    [summary.outcome, summary.sent, summary.waiting, summary.bytes],
    ['done', 2, 0, BREAD.length + MILK.length],
  )
  assert.deepEqual(told(sender), ['a.jsonl accepted', 'b.jsonl accepted'])
  assert.deepEqual(await visible(outbox), [])
  assert.deepEqual(await copiesIn(spool), [])
  assert.deepEqual(await visible(archive), ['a.jsonl', 'a.receipt.json', 'b.jsonl', 'b.receipt.json'])
  assert.equal((await receiptIn(archive, 'a')).state, 'accepted')
  assert.deepEqual([...sender.server.contents.values()].map(String), [BREAD, MILK])
})

test('an empty outbox is no error, and a server that is away is not even asked', async () => {
  await using sender = await freshSender()
  await sender.server.close()
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.sent], ['done', 0])
})

test('two uploaders never work on one outbox', async () => {
  await using sender = await freshSender()
  using _lock = lockOutbox(sender.job)
  await assert.rejects(upload(sender), { code: 'locked' })
})

test('a refused key stops the run and leaves every file where it is', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  await putInOutbox(sender.place, 'b.jsonl', MILK)
  for (const [status, code] of [
    [401, 'key_refused'],
    [403, 'scope_missing'],
  ] as const) {
    sender.server.next.push({ status, body: problem(status, code) })
    const summary = await upload(sender)
    assert.deepEqual([summary.outcome, summary.waiting, summary.problem?.code], ['key_refused', 2, code])
  }
  assert.equal(sender.server.heard.length, 2)
  assert.deepEqual(await visible(sender.place.folders.outbox), ['a.jsonl', 'b.jsonl'])
})

test('a server that is down leaves every file where it is, and the next run sends the same bytes', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  sender.server.next.push('cut', 'cut', 'cut')
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.waiting, summary.problem?.code], ['unreachable', 1, 'server_unreachable'])
  assert.deepEqual(await visible(sender.place.folders.outbox), ['a.jsonl'])
  assert.deepEqual(sender.events.filter(({ type }) => type === 'pause').length, 2)
  assert.equal((await upload(sender)).outcome, 'done')
  const bodies = sender.server.heard.map(({ body }) => body.toString('base64'))
  assert.deepEqual([bodies.length, new Set(bodies).size], [4, 1])
})

test('a busy server is given the time it asks for', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  sender.server.next.push({ status: 503, headers: { 'retry-after': '1' } })
  const before = performance.now()
  assert.equal((await upload(sender)).outcome, 'done')
  assert.ok(performance.now() - before >= 990)
})

test('a server without room is left alone until the next run', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  sender.server.next.push({ status: 507, body: problem(507, 'disk_full') })
  const summary = await upload(sender)
  assert.deepEqual(
    [summary.outcome, summary.problem?.code, sender.server.heard.length],
    ['unreachable', 'disk_full', 1],
  )
})

test('a lost answer costs a second delivery and no second upload', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  sender.server.next.push('cut after taking it')
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.sent, summary.duplicates], ['done', 0, 1])
  assert.equal(sender.server.uploads.size, 1)
  assert.deepEqual(told(sender), ['a.jsonl duplicate'])
})

test('a server that does not take zstd is sent gzip for the rest of the run', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  await putInOutbox(sender.place, 'b.jsonl', MILK)
  sender.server.next.push({
    status: 415,
    headers: { 'accept-encoding': 'gzip' },
    body: problem(415, 'encoding_unsupported'),
  })
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.sent], ['done', 2])
  assert.deepEqual(
    sender.server.heard.map(({ headers }) => headers['content-encoding']),
    ['zstd', 'gzip', 'gzip'],
  )
})

test('what the server will never take is moved aside with the reason, and the others go on', async () => {
  await using sender = await freshSender()
  const { outbox, refused } = sender.place.folders
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  await putInOutbox(sender.place, 'b.jsonl', MILK)
  sender.server.next.push({ status: 422, body: problem(422, 'not_for_us') })
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.sent, summary.refused], ['partly', 1, 1])
  assert.deepEqual(told(sender), ['a.jsonl refused', 'b.jsonl accepted'])
  assert.deepEqual(await visible(outbox), [])
  assert.deepEqual(await visible(refused), ['a.jsonl', 'a.problem.json'])
  assert.equal(await readFile(join(refused, 'a.jsonl'), 'utf8'), BREAD)
  const note = JSON.parse(await readFile(join(refused, 'a.problem.json'), 'utf8'))
  assert.deepEqual([note.name, note.status, note.code], ['a.jsonl', 422, 'not_for_us'])
})

test('damage that the server names is mended with a fresh copy; where that is damaged too, something on the way does it', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  const damaged = { status: 400, body: problem(400, 'body_damaged') }
  sender.server.next.push(damaged)
  assert.equal((await upload(sender)).sent, 1)
  await putInOutbox(sender.place, 'b.jsonl', MILK)
  sender.server.next.push(damaged, damaged)
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.refused, summary.waiting], ['unreachable', 0, 1])
  assert.equal(summary.problem?.code, 'request_altered')
  assert.match(summary.problem?.detail ?? '', /^of b\.jsonl the server says .* \(body_damaged\)$/)
})

test('a wrong address moves nothing aside', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  for (let times = 0; times < 3; times++) sender.server.next.push({ status: 404, body: '<h1>404</h1>' })
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.problem?.code], ['unreachable', 'answer_unknown'])
  assert.deepEqual(await visible(sender.place.folders.outbox), ['a.jsonl'])
  assert.deepEqual(await visible(sender.place.folders.refused), [])
})

test('a receipt for other bytes moves nothing', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  await upload(sender)
  const [receipt] = sender.server.uploads.values()
  await putInOutbox(sender.place, 'b.jsonl', MILK)
  await putInOutbox(sender.place, 'c.jsonl', BREAD.repeat(2))
  for (let times = 0; times < 3; times++) sender.server.next.push({ status: 201, body: receipt })
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.skipped, summary.sent, summary.waiting], ['partly', 1, 1, 1])
  assert.deepEqual(await visible(sender.place.folders.outbox), ['b.jsonl'])
  const skipped = sender.events.find((event) => event.type === 'file' && event.state === 'skipped')
  assert.equal(skipped?.type === 'file' && skipped.problem?.code, 'receipt_mismatch')
})

test('a file that was replaced while it was sent stays and is sent anew', async () => {
  await using sender = await freshSender()
  const path = await putInOutbox(sender.place, 'a.jsonl', BREAD)
  const { client } = sender.job
  let replaced = false
  const replacing = {
    ...client,
    send: async (...sending: Parameters<typeof client.send>) => {
      const receipt = await client.send(...sending)
      if (!replaced) await writeFile(path, MILK.repeat(2))
      replaced = true
      return receipt
    },
  }
  const changed = { ...sender, job: { ...sender.job, client: replacing } }
  assert.deepEqual((await upload(changed)).waiting, 1)
  assert.equal(await readFile(path, 'utf8'), MILK.repeat(2))
  assert.equal((await upload(changed)).sent, 1)
  assert.deepEqual(told(sender), ['a.jsonl skipped', 'a.jsonl accepted'])
})

test('a file that vanishes is no error', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  const doomed = await putInOutbox(sender.place, 'b.jsonl', MILK)
  const on = ({ type }: { type: string }) => type === 'file' && rmSync(doomed, { force: true })
  assert.equal((await upload({ ...sender, job: { ...sender.job, on } })).outcome, 'done')
})

test('a name that the archive has for other bytes gets an addition, for the receipt too', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  await upload(sender)
  await putInOutbox(sender.place, 'a.jsonl', MILK)
  await upload(sender)
  const names = await visible(sender.place.folders.archive)
  assert.equal(names.length, 4)
  const added = names.find((name) => /^a-[0-9a-f]{8}\.jsonl$/.test(name)) ?? ''
  const { sha256 } = await receiptIn(sender.place.folders.archive, added.slice(0, -6))
  assert.equal(added, `a-${String(sha256).slice(0, 8)}.jsonl`)
})

test('a run that crashed between the receipt and the move is taken up again', async () => {
  await using sender = await freshSender()
  const { outbox, archive } = sender.place.folders
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  await upload(sender)
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  await rm(join(archive, 'a.jsonl'))
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.duplicates], ['done', 1])
  assert.deepEqual([await visible(outbox), await visible(archive)], [[], ['a.jsonl', 'a.receipt.json']])
})

test('left-overs and what is no file to send are reported, and the rest is sent', async () => {
  await using sender = await freshSender()
  const { outbox, part } = sender.place.folders
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  await mkdir(join(outbox, 'folder'))
  await writeFile(join(part, 'b.4194304-0123456789ab.jsonl.part'), '{')
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.sent, summary.ignored], ['partly', 1, 1])
  assert.deepEqual(
    sender.events.filter(({ type }) => type === 'left-over' || type === 'ignored').map(({ type }) => type),
    ['left-over', 'ignored'],
  )
})

test('being told to stop finishes the file that is being sent', async () => {
  const stop = new AbortController()
  await using sender = await freshSender({ signal: stop.signal })
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  await putInOutbox(sender.place, 'b.jsonl', MILK)
  const stopping = {
    ...sender,
    job: {
      ...sender.job,
      on: (event: { type: string }) => {
        if (event.type === 'progress') stop.abort()
      },
    },
  }
  const summary = await upload(stopping)
  assert.deepEqual([summary.outcome, summary.sent, summary.waiting], ['partly', 1, 1])
})

test('progress is told in bytes, of compressing and of sending', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', BREAD.repeat(10_000))
  const { wireBytes } = await upload(sender)
  const steps = sender.events.flatMap((event) => (event.type === 'progress' ? [event] : []))
  const last = {
    compress: steps.findLast(({ step }) => step === 'compress'),
    send: steps.findLast(({ step }) => step === 'send'),
  }
  assert.equal(last.compress?.sentBytes, BREAD.length * 10_000)
  assert.equal(last.compress?.totalBytes, BREAD.length * 10_000)
  assert.equal(last.send?.sentBytes, wireBytes)
  assert.equal(last.send?.totalBytes, wireBytes)
})

test('the key is in no note and no event', async () => {
  await using sender = await freshSender()
  await using other = await anyServer()
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  sender.server.next.push({ status: 307, headers: { location: other.url.href } }, 'cut', {
    status: 422,
    body: problem(422, 'x'),
  })
  await upload(sender)
  assert.doesNotMatch(JSON.stringify(sender.events), /a-key-of/)
  assert.doesNotMatch(await readFile(join(sender.place.folders.refused, 'a.problem.json'), 'utf8'), /a-key-of/)
})
