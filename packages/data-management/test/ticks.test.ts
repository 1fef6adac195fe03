/** What needs attention is ticked off: it stands apart and nobody is told of it, until it changes, and no longer than to a date. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { NoticesView } from '../http/routes/notices-schema.ts'
import type { Overview } from '../http/routes/overview.ts'
import { prepareReceivers, recordConditions } from '../notices/rounds.ts'
import { ended, roundsOn } from './notice-rounds.ts'
import { assertProblem, get, openReceiver, post, type Receiver, sha256Of } from './receiver.ts'
import { bringIn, loadText, named, reader, scrapeText } from './shop.ts'

const STORE = JSON.stringify(['aldi', 'G1'])

/** A store that is silent, an upload that is held, and who looks at them and is told. */
async function openSilent() {
  const clock = { now: Date.parse('2025-09-20T12:00:00Z') }
  const receiver = await openReceiver({ now: () => clock.now })
  const scrapeOn = (date: string, store = 'G1') => {
    const receivedAt = Date.parse(`${date}T20:00:00Z`)
    return bringIn(receiver, scrapeText(`aldi/${store}`, date, named('Milk', date)), { receivedAt })
  }
  for (const date of ['2025-09-14', '2025-09-15']) await scrapeOn(date)
  const admin = { ...receiver, key: await receiver.makeKey('admin') }
  const rounds = roundsOn(receiver, [], { now: () => clock.now, kinds: new Set(['silent', 'held']) })
  await prepareReceivers(rounds)
  const ask = await reader(receiver)
  const say = (what: 'tick' | 'untick', body: object) =>
    post(admin, { 'Content-Type': 'application/json' }, JSON.stringify(body), `/api/attention/${what}`)
  const untick = async (body: object) => {
    const headers = { 'X-API-Key': admin.key, 'Content-Type': 'application/json' }
    const request = { method: 'POST', headers, body: JSON.stringify(body) }
    return (await fetch(`${receiver.url}/api/attention/untick`, request)).status
  }
  /** What stands in the overview, what is ticked off there and in the list of notices, and what was told since. */
  const look = async () => {
    await recordConditions(rounds, true)
    const { attention } = await ask<Overview>('/api/overview')
    const view = (await get(admin, '/api/notices')).body as unknown as NoticesView
    const told = view.notices
      .filter(({ id }) => id > known.last)
      .map(({ kind, is_over }) => (is_over ? `${kind} over` : kind))
    known.last = view.notices[0]?.id ?? 0
    const off = attention.ticked.map(({ kind }) => kind)
    assert.deepEqual(view.ticked.map(({ kind }) => kind).sort(), off.filter((kind) => kind !== 'rejects').sort())
    return [attention.silent.count, attention.held.count, off.sort().join(' '), told.toSorted().join(' ')]
  }
  const known = { last: 0 }
  const attention = async () => (await ask<Overview>('/api/overview')).attention
  return {
    clock,
    receiver,
    attention,
    say,
    untick,
    look,
    scrapeOn,
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  }
}

test('what is ticked off until it changes stands apart and is told no more, and comes back when it has changed', async () => {
  await using at = await openSilent()
  const held = await ended(at.receiver, 'held', 'a reason', 1)
  assert.deepEqual(await at.look(), [1, 1, '', 'held silent'])
  assert.equal((await at.say('tick', { kind: 'silent', subject: STORE, until: null })).status, 201)
  assert.equal((await at.say('tick', { kind: 'held', subject: held, until: null })).status, 201)
  assert.deepEqual(await at.look(), [0, 0, 'held silent', ''])
  assert.equal(await at.untick({ kind: 'held', subject: held }), 204)
  assert.deepEqual(await at.look(), [0, 1, 'silent', 'held'])
  // It is heard again and falls silent once more: that is another silence.
  await at.scrapeOn('2025-09-20')
  assert.deepEqual(await at.look(), [0, 1, '', ''])
  assert.deepEqual(await at.receiver.ledger.ticks.list(), [])
  at.clock.now += 30 * DAY_MS
  assert.deepEqual(await at.look(), [1, 1, '', 'silent'])
})

test('what is ticked off until a day is told on that day, and what is not there cannot be ticked off', async () => {
  await using at = await openSilent()
  const until = (date: string) => at.say('tick', { kind: 'silent', subject: STORE, until: date })
  assert.equal((await until('2025-09-22')).status, 201)
  assert.deepEqual(await at.look(), [0, 0, 'silent', ''])
  at.clock.now = Date.parse('2025-09-22T00:00:00Z')
  assert.deepEqual(await at.look(), [1, 0, '', 'silent'])
  assertProblem(await until('2025-02-30'), 400, 'request_invalid')
  for (const [kind, subject] of [
    ['silent', '["aldi","nowhere"]'],
    ['silent', 'aldi/G1'],
    ['held', 'no upload'],
    ['findings', '[1]'],
  ])
    assertProblem(await at.say('tick', { kind, subject, until: null }), 404, 'not_found')
  assertProblem(await at.say('untick', { kind: 'silent', subject: STORE }), 404, 'not_found')
  const audited = (await at.receiver.ledger.auditEntries(Number.MAX_SAFE_INTEGER, 9))
    .filter(({ what }) => what.startsWith('attention'))
    .map(({ what, detail }) => [what, detail])
  assert.deepEqual(audited, [['attention ticked off', 'until 2025-09-22, or it changes: aldi/G1, last 2025-09-15']])
})

test('what is ticked off until a day is that which was seen, not the next of its kind', async () => {
  await using at = await openSilent()
  assert.equal((await at.say('tick', { kind: 'silent', subject: STORE, until: '2025-12-31' })).status, 201)
  assert.deepEqual(await at.look(), [0, 0, 'silent', ''])
  await at.scrapeOn('2025-09-20')
  assert.deepEqual(await at.look(), [0, 0, '', ''])
  at.clock.now += 30 * DAY_MS
  assert.deepEqual(await at.look(), [1, 0, '', 'silent'])
})

test('rejects of a file whose upload is not known are ticked off by its SHA-256', async () => {
  await using at = await openSilent()
  const rejects = async () => {
    const { count, first } = (await at.attention()).rejects
    return [count, ...first.map(({ upload_id, sha256 }) => upload_id ?? sha256)]
  }
  const files = ['first', 'second'].map((sku) => {
    const text = `${scrapeText('aldi/G2', '2025-09-20', [{ sku, name: sku, price: 1 }])}{}\n`
    return { text, sha256: sha256Of(text) }
  })
  for (const { text } of files) await loadText(at.receiver, text, { receivedAt: at.clock.now++ })
  const [first, second] = files.map(({ sha256 }) => sha256)
  assert.deepEqual(await rejects(), [2, second, first])
  assert.equal((await at.say('tick', { kind: 'rejects', subject: first, until: null })).status, 201)
  assert.deepEqual(await rejects(), [1, second])
  await at.look()
  assert.deepEqual(await rejects(), [1, second], 'what is over is forgotten, this is not')
  assert.equal(await at.untick({ kind: 'rejects', subject: first }), 204)
  assert.deepEqual(await rejects(), [2, second, first])
})

test('only what needs attention now can be ticked off, by the name under which it is listed', async () => {
  await using at = await openSilent()
  await at.scrapeOn('2025-09-20', 'G2')
  const good = JSON.stringify(['aldi', 'G2'])
  const noise = Array.from({ length: 1_980 }, (_, index) => String.fromCodePoint(0x4e00 + ((index * 7_919) % 20_000)))
  for (const [kind, subject] of [
    ...['silent', 'late', 'partial'].map((each) => [each, good]),
    ['late', STORE],
    ['findings', '["x","y","z","w"]'],
    ['findings', JSON.stringify(['x', 'y', 'z', noise.join('')])],
    ['rejects', await ended(at.receiver, 'held', 'a reason', 1)],
  ])
    assertProblem(await at.say('tick', { kind, subject, until: null }), 404, 'not_found')
  for (const until of ['2000-01-01', '2025-09-20'])
    assertProblem(await at.say('tick', { kind: 'silent', subject: STORE, until }), 400, 'request_invalid')
  const { status, body } = await at.say('tick', { kind: 'silent', subject: '["ALDI", "g1"]', until: '2025-09-21' })
  assert.deepEqual([status, (body as unknown as { subject: string }).subject], [201, STORE])
  assert.equal((await at.look())[0], 0)
  // What a person has discarded needs nobody; what failed stays ticked off.
  at.clock.now = Date.now()
  const discarded = await ended(at.receiver, 'failed', 'Discarded by me (splitcart): it was a mistake', 2)
  const failed = await ended(at.receiver, 'failed', 'not one row could be loaded', 3)
  const listed = async () => {
    const { count, first } = (await at.attention()).failed
    return [count, ...first.map(({ upload_id }) => upload_id)]
  }
  assert.deepEqual(await listed(), [1, failed])
  assertProblem(await at.say('tick', { kind: 'failed', subject: discarded, until: null }), 404, 'not_found')
  assert.equal((await at.say('tick', { kind: 'failed', subject: failed, until: null })).status, 201)
  assert.equal((await at.look())[2], 'failed')
  assert.deepEqual(await listed(), [0])
})

test('what is ticked off stays so behind whatever is newer, and what nobody is told of ends with its reason', async () => {
  await using at = await openSilent()
  const held = await ended(at.receiver, 'held', 'a reason', 1)
  const withRejects = async (sku: string) => {
    const text = `${scrapeText('aldi/G2', '2025-09-20', [{ sku, name: sku, price: 1 }])}{}\n`
    return (await bringIn(at.receiver, text, { receivedAt: at.clock.now++ })).id
  }
  const first = await withRejects('first')
  for (const [kind, subject] of [
    ['held', held],
    ['rejects', first],
  ])
    assert.equal((await at.say('tick', { kind, subject, until: null })).status, 201)
  await holdMore(at.receiver, held, 1_000)
  for (let count = 0; count < 11; count++) await withRejects(`later ${count}`)
  assert.deepEqual((await at.look()).slice(1, 3), [1_000, 'held rejects'])
  const { rejects, ticked } = await at.attention()
  assert.deepEqual([rejects.count, rejects.first.length, ticked.length], [11, 10, 2])
  at.clock.now += 3 * DAY_MS
  await at.look()
  assert.deepEqual(
    (await at.receiver.ledger.ticks.list()).map(({ kind }) => kind),
    ['held'],
  )
})

test('a finding that is ticked off counts again when more stores show it', async () => {
  await using at = await openSilent()
  await at.scrapeOn('2025-09-15', 'G2')
  const others = Array.from({ length: 301 }, (_, index) => `brief ${index}`)
  const show = (store: string, briefs: readonly string[]) => {
    const found = { rule: 'flag_constant', held: false, company: null, store: null, field: 'is_available' }
    const verdicts = briefs.map((brief) => ({ ...found, brief, sentence: brief, rows: 1, examples: [] }))
    return at.receiver.catalogue.database.run(
      'update load set verdicts = ? where id in (select load_id from source join store on store.id = store_id where code = ?)',
      JSON.stringify(verdicts),
      store,
    )
  }
  await show('g1', [...others, 'the last'])
  await show('g2', others)
  const subject = JSON.stringify(['aldi', 'flag_constant', 'is_available', 'the last'])
  assert.equal((await at.say('tick', { kind: 'findings', subject, until: null })).status, 201)
  await at.look()
  const seen = async () => {
    const { findings, ticked } = await at.attention()
    return [findings.count, ticked.map(({ text }) => text)]
  }
  assert.deepEqual(await seen(), [301, ['aldi: the last']])
  await show('g2', [...others, 'the last'])
  assert.deepEqual(await seen(), [302, []])
  await at.look()
  assert.deepEqual(await at.receiver.ledger.ticks.list(), [])
})

test('however much is ticked off, the lists of it have the newest hundred and say how many there are', async () => {
  await using at = await openSilent()
  const held = await ended(at.receiver, 'held', 'a reason', 1)
  await holdMore(at.receiver, held, 119)
  const uploads = await at.receiver.ledger.uploads.list({ state: 'held', limit: 120 })
  for (const [index, { id, settled_at }] of uploads.entries())
    await at.receiver.ledger.ticks.set({
      kind: 'held',
      subject: id,
      mark: String(settled_at),
      text: `held ${index}`,
      until: null,
      at: index,
      who: 'a person',
    })
  const newest = Array.from({ length: 100 }, (_, index) => `held ${119 - index}`)
  const admin = { ...at.receiver, key: await at.receiver.makeKey('admin') }
  const attention = await at.attention()
  assert.equal(attention.held.count, 0)
  for (const { ticked, ticked_count } of [attention, (await get(admin, '/api/notices')).body as unknown as NoticesView])
    assert.deepEqual([ticked_count, ticked.map(({ text }) => text)], [120, newest])
})

test('of failed uploads no more than a thousand are counted, each of which is looked at', async () => {
  await using at = await openSilent()
  at.clock.now = Date.now()
  const failed = await ended(at.receiver, 'failed', 'not one row could be loaded', 1)
  const counted = async () => {
    const { count, exact, first } = (await at.attention()).failed
    return [count, exact, first.length]
  }
  await holdMore(at.receiver, failed, 999)
  assert.deepEqual(await counted(), [1_000, true, 10])
  await at.receiver.ledger.ticks.set({
    ...{ kind: 'failed', subject: failed, text: 'the first', until: '2999-01-01' },
    ...{ mark: String((await at.receiver.ledger.uploads.find(failed))!.settled_at), at: at.clock.now, who: 'a person' },
  })
  assert.deepEqual(await counted(), [999, true, 10])
  await ended(at.receiver, 'failed', 'not one row could be loaded', 2)
  assert.deepEqual(await counted(), [1_000, false, 10])
})

/** So many uploads that are newer than one, and otherwise as it is. */
async function holdMore({ ledger }: Receiver, id: string, count: number): Promise<void> {
  const upload = (await ledger.uploads.find(id))!
  const copies = Array.from({ length: count }, (_, index) => {
    const copy = String(index).padStart(12, '0')
    return { ...upload, id: `f${id.slice(1, 24)}${copy}`, sha256: copy, stored_as: copy }
  })
  for (let from = 0; from < count; from += 500)
    await ledger.notices.database
      .insertInto('upload')
      .values(copies.slice(from, from + 500))
      .execute()
}
