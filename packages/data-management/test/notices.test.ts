/** What needs a person is told: once for each change, to everybody who is told, whatever fails or dies meanwhile. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { until } from '../../../test/machines.ts'
import type { NoticesView } from '../http/routes/notices-schema.ts'
import { addNotices, CLAIM_MS, claimNotices, type NewNotice } from '../ledger/notice-outbox.ts'
import { DIGEST_MS, notifyReceivers, testReceivers } from '../notices/outbox.ts'
import { prepareReceivers, type RoundContext, recordConditions } from '../notices/rounds.ts'
import { addressOf } from './ledgers.ts'
import { ended, receiversFrom, roundsOn, WELL } from './notice-rounds.ts'
import { openHook, openMailServer, type Posted } from './notice-servers.ts'
import { assertProblem, get, openReceiver, post, postGzip, rowsText } from './receiver.ts'
import { bringIn, named, scrapeText } from './shop.ts'

async function round(rounds: RoundContext, isWhole = true): Promise<void> {
  await recordConditions(rounds, isWhole)
  await notifyReceivers(rounds)
}

/** What each of them got of the first story. */
function assertTold(posted: readonly Posted[], mails: readonly string[]): void {
  const at = (path: string) => posted.filter((each) => each.path === path)
  const [ntfy] = at('/some/where/')
  assert.deepEqual([at('/some/where/').length, mails.length], [1, 1])
  assert.deepEqual([at('/hook/secret-path').length, at('/notify/secret-key').length], [1, 1])
  assert.equal(ntfy?.headers.authorization, 'Bearer tk_secret')
  const { topic, title, message, priority, click } = ntfy?.body ?? {}
  assert.deepEqual([topic, priority, click], ['my-topic', 3, 'https://data.example.org/notices'])
  assert.equal(title, 'SplitCart: 1 upload held, 1 upload failed, 1 key about to expire')
  assert.match(String(message), /^held-1\.jsonl is held: most prices are 100 times those of before$/m)
  assert.match(String(message), /^failed-2\.jsonl could not be loaded: not one row/m)
  assert.match(String(message), /^The key old laptop \(\w+\) expires on/m)
  const [text = ''] = mails
  assert.match(text, /^To: owner@example\.org, other@example\.org\r$/m)
  assert.match(text, /^Subject: SplitCart: 1 upload held, 1 upload failed/m)
  assert.match(text, /is held: most prices/)
  const { notices, silent_count } = at('/hook/secret-path')[0]!.body
  assert.deepEqual(
    [(notices as { kind: string }[]).map(({ kind }) => kind), silent_count],
    [['held', 'failed', 'key'], 0],
  )
  assert.equal(at('/notify/secret-key')[0]?.body.type, 'warning')
}

test('everybody is told once what needs a person, however many servers look and however often they start', async () => {
  await using hook = await openHook()
  await using mail = await openMailServer()
  const receivers = receiversFrom({
    NOTICE_NTFY_URL: `${hook.url}/some/where/my-topic`,
    NOTICE_NTFY_TOKEN: 'tk_secret',
    NOTICE_SMTP_URL: `smtp://me:a%20p%40ss@127.0.0.1:${mail.port}`,
    NOTICE_MAIL_TO: 'owner@example.org, other@example.org',
    ALARM_WEBHOOK_URL: `${hook.url}/hook/secret-path`,
    NOTICE_APPRISE_URL: `${hook.url}/notify/secret-key`,
  })
  await using receiver = await openReceiver({ noticeTargets: { receivers, page: undefined } })
  const clock = { now: Date.now() }
  const servers = [0, 1].map(() => roundsOn(receiver, receivers, { now: () => clock.now }))
  for (const each of servers) await prepareReceivers(each)
  const held = await ended(receiver, 'held', 'most prices are 100 times those of before', 1)
  await ended(receiver, 'failed', 'not one row could be loaded', 2)
  await ended(receiver, 'failed', 'Discarded by me (splitcart): it was a mistake', 3)
  await receiver.ledger.keys.create(
    { name: 'old laptop', scopes: ['upload'], onlyFor: null, expiresAt: clock.now + DAY_MS },
    clock.now,
  )
  await Promise.all(servers.map((each) => round(each)))
  // Another one that starts.
  await round(roundsOn(receiver, receivers, { now: () => clock.now + DIGEST_MS }))

  assertTold(hook.posted, mail.mails)
  const admin = { ...receiver, key: await receiver.makeKey('admin') }
  const view = (await get(admin, '/api/notices')).body as unknown as NoticesView
  assert.deepEqual(
    view.receivers.map(({ name, waiting, last_answer }) => [name, waiting, last_answer]),
    ['ntfy', 'e-mail', 'webhook', 'apprise'].map((name) => [name, 0, 'taken']),
  )
  assert.deepEqual(view.conditions.map(({ kind }) => kind).sort(), ['failed', 'held', 'key'])
  assert.equal(view.conditions.find(({ kind }) => kind === 'held')?.subject, held)
  assert.doesNotMatch(JSON.stringify(view), /secret|my-topic|p@ss|p%40ss/)
})

test('a receiver that fails is left alone longer and longer, keeps no other from being told, and gets all of it in one message', async () => {
  await using hook = await openHook()
  await using other = await openHook()
  const receivers = receiversFrom({ NOTICE_NTFY_URL: `${hook.url}/topic`, NOTICE_WEBHOOK_URL: `${other.url}/hook` })
  await using receiver = await openReceiver()
  const clock = { now: Date.now() }
  const rounds = roundsOn(receiver, receivers, { now: () => clock.now })
  await prepareReceivers(rounds)
  hook.answer.status = 503
  for (let price = 1; price <= 30; price++) {
    if (price % 3 === 0) await ended(receiver, 'held', 'a reason', price)
    await round(rounds, false)
    clock.now += 60_000
  }
  // After half a minute, one, two, four, eight and sixteen, each time in the next round.
  assert.equal(hook.posted.length, 6)
  const times = other.posted.map(({ body }) => body.count as number)
  assert.deepEqual([times.length, times.reduce((sum, each) => sum + each, 0)], [10, 10])
  hook.answer.status = 200
  clock.now += 60 * 60_000
  await round(rounds, false)
  assert.equal(hook.posted.at(-1)?.body.title, 'SplitCart: 10 uploads held')
  clock.now += 60 * 60_000
  await round(rounds, false)
  assert.equal(hook.posted.length, 7)
  // What was told by a clock that was ahead keeps nobody waiting when it is put back.
  clock.now -= DAY_MS
  await ended(receiver, 'held', 'a reason', 31)
  await round(rounds, false)
  assert.equal(hook.posted.length, 8)
  // Of two servers whose clocks differ a little one has it.
  clock.now += DIGEST_MS
  await ended(receiver, 'held', 'a reason', 32)
  await recordConditions(rounds, false)
  const claimed = await Promise.all([5, 0].map((ms) => claimNotices(rounds.notices.database, 'ntfy', clock.now + ms)))
  assert.deepEqual(claimed.map((each) => each?.notices.length ?? 0).sort(), [0, 1])
})

test('what is over is told where somebody waits for it, and what does not last is not told at all', async () => {
  await using hook = await openHook()
  const receivers = receiversFrom({ NOTICE_NTFY_URL: `${hook.url}/topic` })
  await using receiver = await openReceiver()
  const clock = { now: Date.now() }
  const machine = { ...WELL }
  const rounds = roundsOn(receiver, receivers, { now: () => clock.now, serverFacts: async () => machine })
  await prepareReceivers(rounds)
  await postGzip(receiver, 'waits.jsonl.gz', rowsText(1))
  const minutes = async (count: number) => {
    clock.now += count * 60_000
    await round(rounds, false)
    return hook.posted.splice(0).map(({ body }) => [body.title, body.message, body.priority])
  }
  machine.hasLoader = false
  assert.deepEqual([await minutes(1), await minutes(5)], [[], []])
  machine.hasLoader = true
  assert.deepEqual(await minutes(1), [], 'it was started again')
  machine.hasLoader = false
  machine.disk = { ...WELL.disk, is_low: true }
  assert.equal((await minutes(1))[0]?.[2], 5, 'a disk that fills is urgent')
  const [gone] = await minutes(11)
  assert.deepEqual(gone?.slice(0, 2), [
    'SplitCart: 1 loader gone',
    '1 upload waits, and no program is there that loads them',
  ])
  // What a machine has is nothing that another one could end.
  await round(
    roundsOn(receiver, receivers, { serverFacts: async () => ({ ...WELL, machine: 'b', hasLoader: false }) }),
    false,
  )
  assert.equal(hook.posted.length, 0)
  Object.assign(machine, WELL)
  const [over] = await minutes(2)
  assert.deepEqual(over?.slice(0, 2), [
    'SplitCart: 1 with room again, 1 loading again',
    'a-server has room on its disk again\nA loader is at work again',
  ])
})

test('a source that falls silent is told, and when it is heard again; names are text to whoever shows them', async () => {
  await using hook = await openHook()
  const template = '{"content":"{{title}}: {{text}}","embeds":[{"n":"{{count}}"}]}'
  const webhook = { NOTICE_WEBHOOK_URL: hook.url, NOTICE_WEBHOOK_TEMPLATE: template }
  const receivers = receiversFrom({ ...webhook, NOTICE_APPRISE_URL: `${hook.url}/notify/k` })
  const clock = { now: Date.parse('2025-09-12T20:00:00Z') }
  await using receiver = await openReceiver({ now: () => clock.now })
  const evil = '<!channel> <http://evil.example|sign in> @here @everyone [x](http://evil.example) & \u0007'
  const scrapeOn = (day: string, price: number) =>
    scrapeText('aldi/a', day, [{ ...named('Milk')[0]!, price }]).replaceAll('"aldi a"', JSON.stringify(evil))
  for (const [index, day] of ['2025-09-11', '2025-09-12'].entries())
    await bringIn(receiver, scrapeOn(day, index + 1), { receivedAt: Date.parse(`${day}T20:00:00Z`) })
  const rounds = roundsOn(receiver, receivers, { now: () => clock.now, kinds: new Set(['silent']) })
  await prepareReceivers(rounds)
  await round(rounds)
  clock.now += 3 * DAY_MS
  await prepareReceivers(rounds)
  await round(rounds, false)
  assert.equal(hook.posted.length, 0, 'sources are looked at less often')
  await round(rounds)
  await bringIn(receiver, scrapeOn('2025-09-15', 9), { receivedAt: clock.now })
  clock.now += DIGEST_MS
  await round(rounds)
  const said = (field: string) => hook.posted.flatMap(({ body }) => (field in body ? [String(body[field])] : []))
  const texts = said('content')
  assert.deepEqual([texts.length, said('body').length], [2, 2])
  for (const text of texts) assert.doesNotMatch(text, /[<>]/)
  for (const text of [...texts, ...said('body')])
    assert.doesNotMatch(text.replaceAll('\n', ' '), /\p{Cc}|@here|@everyone|http:\/\/evil|\]\(/u)
  assert.match(texts[0]!, /^SplitCart: 1 source silent: aldi &lt;!channel&gt; .* is silent \(last 2025-09-12\)/)
  assert.match(texts[1]!, /^SplitCart: 1 heard again: aldi &lt;!channel&gt; .* is heard again/)
  assert.deepEqual(hook.posted.find(({ body }) => 'embeds' in body)?.body.embeds, [{ n: '1' }])
})

test('a server that is killed between sending a notice and recording it sends it again, and says so', async () => {
  let sender: ReturnType<typeof spawn> | undefined
  await using hook = await openHook(() => void sender?.kill('SIGKILL'))
  await using receiver = await openReceiver()
  const { database } = receiver.ledger.notices
  const receivers = receiversFrom({ NOTICE_NTFY_URL: `${hook.url}/topic` })
  const rounds = roundsOn(receiver, receivers)
  await prepareReceivers(rounds)
  const notice: NewNotice = { at: Date.now(), kind: 'held', subject: 'x', is_over: 0, text: 'x is held', data: null }
  await addNotices(database, [notice])
  const place = JSON.stringify((await addressOf(receiver.folders.data)) ?? receiver.folders.data)
  const from = (path: string) => JSON.stringify(import.meta.resolve(path))
  sender = spawn(
    process.execPath,
    ['--input-type=module', '--eval'].concat(`
    const { ntfyReceiver } = await import(${from('../notices/receivers/ntfy.ts')})
    const { notifyReceivers } = await import(${from('../notices/outbox.ts')})
    const place = ${place}
    const ledger = place.startsWith('postgres')
      ? await (await import(${from('../ledger/postgres.ts')})).openPostgresLedger(place)
      : (await import(${from('../ledger/ledger.ts')})).openLedger(place)
    const receivers = [ntfyReceiver(new URL('${hook.url}/topic'))]
    await notifyReceivers({ notices: ledger.notices, receivers, now: Date.now, log: { info() {}, warn() {} } })`),
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const [, signal] = await once(sender, 'exit')
  assert.equal(signal, 'SIGKILL')
  await notifyReceivers(rounds)
  assert.equal(hook.posted.length, 1, 'the one that sends has it for itself')
  await notifyReceivers({ ...rounds, now: () => Date.now() + CLAIM_MS })
  await notifyReceivers({ ...rounds, now: () => Date.now() + 2 * CLAIM_MS })
  assert.deepEqual(
    hook.posted.map(({ body }) => body.message),
    ['x is held', 'x is held\nSome of this may have been told before: nobody knows whether it came.'],
  )
})

test('a test goes to whom it is wanted for, and an answer tells no secret', async () => {
  await using hook = await openHook()
  await using mail = await openMailServer()
  const receivers = receiversFrom({
    NOTICE_NTFY_URL: `${hook.url}/topic`,
    NOTICE_SMTP_URL: `smtp://me:a-wrong-one@127.0.0.1:${mail.port}`,
    NOTICE_MAIL_TO: 'owner@example.org',
  })
  await using receiver = await openReceiver({ noticeTargets: { receivers, page: undefined } })
  const admin = { ...receiver, key: await receiver.makeKey('admin') }
  const send = (body: object) =>
    post(admin, { 'Content-Type': 'application/json' }, JSON.stringify(body), '/api/notices/test')
  const { answers } = (await send({})).body as unknown as {
    answers: { name: string; taken: boolean; answer: string }[]
  }
  assert.deepEqual(
    answers.map(({ name, taken }) => [name, taken]),
    [
      ['ntfy', true],
      ['e-mail', false],
    ],
  )
  assert.match(answers[1]!.answer, /Invalid password/)
  assert.doesNotMatch(answers[1]!.answer, /a-wrong-one/)
  assert.match(String(hook.posted[0]?.body.message), /This is a test/)
  await send({ receiver: 'ntfy' })
  assert.deepEqual([hook.posted.length, mail.mails.length], [2, 0])
  assertProblem(await send({ receiver: 'fax' }), 404, 'not_found')
  await assert.rejects(testReceivers(roundsOn(receiver, receivers), 'fax'), { code: 'not_found' })
  // What cannot be counted in time is left out.
  await until(
    async () => {
      const answer = await fetch(`${receiver.url}/metrics`, { headers: { 'X-API-Key': admin.key } })
      return /^splitcart_conditions\{kind="held"\} 0$/m.test(await answer.text())
    },
    'conditions are counted',
    120_000,
  )
})
