/** Notices in trouble: very many, ones that a receiver refuses, and a server that stops or cannot reach its ledger. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { sql } from 'kysely'
import { addNotices, CLAIM_MS, listReceivers, type NewNotice, removeOldNotices } from '../ledger/notice-outbox.ts'
import { DIGEST_MS, notifyReceivers } from '../notices/outbox.ts'
import { newRoundState, prepareReceivers, recordConditions, runRound } from '../notices/rounds.ts'
import { ended, receiversFrom, roundsOn } from './notice-rounds.ts'
import { openHook } from './notice-servers.ts'
import { openReceiver } from './receiver.ts'

function noticeOf(text: string): NewNotice {
  return { at: Date.now(), kind: 'held', subject: text.slice(0, 20), is_over: 0, text, data: null }
}

test('more than ten thousand conditions are looked at once, and each of them is told once', async () => {
  await using receiver = await openReceiver()
  const { database } = receiver.ledger.notices
  const [now, onRecord, all] = [Date.now(), 10_000, 10_400]
  const numbers = (last: number) =>
    sql`(with recursive n(i) as (select 1 union all select i + 1 from n where i < ${sql.lit(last)})
      select 'key-' || i as id from n) as numbers`
  await sql`insert into api_key (id, name, secret_sha256, scopes, created_at, expires_at)
    select id, id, id, 'read', ${sql.lit(now)}, ${sql.lit(now + DAY_MS)} from ${numbers(all)}`.execute(database)
  await sql`insert into condition (kind, subject, text, since, told_at)
    select 'key', id, '', ${sql.lit(now - 1)}, ${sql.lit(now)} from ${numbers(onRecord)}`.execute(database)
  const rounds = roundsOn(receiver, [], { kinds: new Set(['key']) })
  await recordConditions(rounds, false)
  await recordConditions(rounds, false)
  const { told } = await database
    .selectFrom('notice')
    .select(({ fn }) => fn.countAll<number>().as('told'))
    .executeTakeFirstOrThrow()
  assert.deepEqual([Number(told), await receiver.ledger.notices.countByKind()], [all - onRecord, { key: all }])
})

test('what a receiver refuses keeps nothing later from being told: a text is no longer than a chat takes, else it is told in short', async () => {
  await using hook = await openHook(({ path, body }) => {
    if (path === '/chat') return String(body.content).length > 2_000 ? 400 : 204
    // Apprise's word for what it could not pass on, for whatever reason.
    return JSON.stringify(body).includes('refused by its text') ? 424 : 200
  })
  await using receiver = await openReceiver()
  const { database } = receiver.ledger.notices
  const page = new URL('https://data.example.org')
  const template = {
    NOTICE_WEBHOOK_URL: `${hook.url}/chat`,
    NOTICE_WEBHOOK_TEMPLATE: '{"content":"{{title}}: {{text}}"}',
  }
  const chat = roundsOn(receiver, receiversFrom(template), { page })
  const clock = { now: Date.now() }
  const apprise = receiversFrom({ NOTICE_APPRISE_URL: `${hook.url}/notify` })
  const other = roundsOn(receiver, apprise, { page, now: () => clock.now })
  await prepareReceivers(chat)
  await prepareReceivers(other)
  const long = Array.from({ length: 30 }, (_, index) => noticeOf(`${index}: ${'a reason of \u{1f95b} '.repeat(20)}`))
  await addNotices(database, [noticeOf('refused by its text'), ...long])
  await notifyReceivers(chat)
  const [content] = hook.posted.splice(0).map(({ body }) => String(body.content))
  assert.match(
    content!,
    /^SplitCart: 31 uploads held: refused by its text\n0: a reason .*…\nhttps:\/\/data\.example\.org\/holds$/s,
  )
  for (let time = 0; time < 6; time++, clock.now += 10 * 60_000) await notifyReceivers(other)
  await addNotices(database, [noticeOf('told whole again')])
  clock.now += DIGEST_MS
  await notifyReceivers(other)
  const bodies = hook.posted.map(({ body }) => `${body.title}: ${body.body}`)
  assert.equal(bodies.length, 7)
  assert.match(bodies[5]!, /^SplitCart: 31 uploads held: What they say was refused; .*\nhttps:\/\/data/)
  assert.match(bodies[6]!, /^SplitCart: 1 upload held: told whole again\n/)
  const waiting = (await listReceivers(database)).map((each) => [each.name, each.waiting])
  assert.deepEqual(waiting, [
    ['apprise', 0],
    ['webhook', 1],
  ])
})

test('a server that is told to stop waits for no receiver, begins no other part, and what it sent may be told again', async () => {
  const stop = new AbortController()
  await using hook = await openHook(() => {
    if (hook.posted.length > 1) return hook.posted.length === 2 ? 503 : 200
    stop.abort()
    return null
  })
  await using receiver = await openReceiver()
  const clock = { now: Date.now() }
  const receivers = receiversFrom({ NOTICE_NTFY_URL: `${hook.url}/topic` })
  const rounds = roundsOn(receiver, receivers, { now: () => clock.now })
  await prepareReceivers(rounds)
  await addNotices(receiver.ledger.notices.database, [noticeOf('x is held')])
  await runRound(rounds, newRoundState(), stop.signal)
  const [record] = await listReceivers(receiver.ledger.notices.database)
  assert.match(String(record?.last_answer), /stopped before it answered/)
  await ended(receiver, 'held', 'a reason', 1)
  await runRound(rounds, newRoundState(), stop.signal)
  assert.deepEqual(await receiver.ledger.notices.countByKind(), {}, 'nothing is looked at any more')
  // An answer that is clear says nothing of the one that never came.
  for (let time = 0; time < 2; time++) {
    clock.now += CLAIM_MS
    await notifyReceivers(rounds)
  }
  assert.deepEqual(
    [hook.posted.length, /may have been told before/.test(String(hook.posted[2]?.body.message))],
    [3, true],
  )
})

test('nothing is looked at before it is on record who is told, and what waits for nobody is removed', async () => {
  await using hook = await openHook()
  await using receiver = await openReceiver()
  const { database } = receiver.ledger.notices
  const receivers = receiversFrom({ NOTICE_NTFY_URL: `${hook.url}/topic` })
  const rounds = roundsOn(receiver, receivers)
  await ended(receiver, 'held', 'a reason', 1)
  const { signal } = new AbortController()
  const known = newRoundState()
  await database.schema.alterTable('notice_receiver').renameTo('notice_receiver_away').execute()
  await runRound(rounds, known, signal)
  await database.schema.alterTable('notice_receiver_away').renameTo('notice_receiver').execute()
  await runRound(rounds, known, signal)
  assert.match(String(hook.posted[0]?.body.message), /is held: a reason/)

  await addNotices(database, [noticeOf('told to nobody')])
  const waiting = async () => (await listReceivers(database))[0]?.waiting
  await removeOldNotices(database, Date.now() + 6 * DAY_MS)
  assert.equal(await waiting(), 1)
  await removeOldNotices(database, Date.now() + 8 * DAY_MS)
  assert.equal(await waiting(), 0)
})

test('what a webhook without a template gets is bounded in bytes, whatever others have named their stores', async () => {
  await using hook = await openHook()
  await using receiver = await openReceiver()
  const rounds = roundsOn(receiver, receiversFrom({ NOTICE_WEBHOOK_URL: hook.url }))
  await prepareReceivers(rounds)
  const evil = `<!channel> <http://evil.example|sign in> @here ${'ж'.repeat(3_000)}`
  const silent = (at: number): NewNotice => {
    return {
      at: Date.now(),
      kind: 'silent',
      subject: `s${at}`,
      is_over: 0,
      text: evil,
      data: JSON.stringify({ at, evil }),
    }
  }
  await addNotices(
    receiver.ledger.notices.database,
    Array.from({ length: 120 }, (_, at) => silent(at)),
  )
  await notifyReceivers(rounds)
  const { body } = hook.posted[0]!
  const text = String(body.text)
  assert.deepEqual([hook.posted.length, body.count, body.silent_count], [1, 120, 120])
  assert.ok(Buffer.byteLength(JSON.stringify(body)) < 100_000)
  assert.ok(Buffer.byteLength(text) <= 16_000)
  assert.doesNotMatch(text.slice(0, text.lastIndexOf('\n')), /[<>]|@here|http:\/\//)
  assert.equal(text.slice(text.lastIndexOf('…')), '…\nhttps://data.example.org/sources?state=silent')
  for (const listed of [body.notices, body.silent] as { at: unknown }[][])
    assert.ok(listed.length > 3 && listed.length < 10)
})
