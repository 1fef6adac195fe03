/** What needs attention is ticked off: it stands apart and nobody is told of it, until a date or until it changes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NoticesView } from '../api/notices-schema.ts'
import type { Overview } from '../api/overview.ts'
import { begin, lookAtConditions } from '../notices/tell.ts'
import { assertProblem, get, openReceiver, post } from './receiver.ts'
import { bringIn, named, reader, scrapeText } from './shop.ts'
import { ended, roundsOn } from './told.ts'

const DAY_MS = 86_400_000
const STORE = JSON.stringify(['aldi', 'G1'])

/** A store that is silent, an upload that is held, and who looks at them and is told. */
async function openSilent() {
  const clock = { now: Date.parse('2025-09-20T12:00:00Z') }
  const receiver = await openReceiver({ now: () => clock.now })
  const scrapeOn = (date: string) =>
    bringIn(receiver, scrapeText('aldi/G1', date, named('Milk', date)), { receivedAt: Date.parse(`${date}T20:00:00Z`) })
  for (const date of ['2025-09-14', '2025-09-15']) await scrapeOn(date)
  const admin = { ...receiver, key: await receiver.makeKey('admin') }
  const rounds = roundsOn(receiver, [], { now: () => clock.now, kinds: new Set(['silent', 'held']) })
  await begin(rounds)
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
    await lookAtConditions(rounds, true)
    const { attention } = await ask<Overview>('/api/overview')
    const view = (await get(admin, '/api/notices')).body as unknown as NoticesView
    const told = view.notices
      .filter(({ id }) => id > known.last)
      .map(({ kind, is_over }) => (is_over ? `${kind} over` : kind))
    known.last = view.notices[0]?.id ?? 0
    const off = attention.ticked.map(({ kind }) => kind)
    assert.deepEqual(view.ticked.map(({ kind }) => kind).sort(), off.toSorted())
    return [attention.silent.count, attention.held.count, off.sort().join(' '), told.toSorted().join(' ')]
  }
  const known = { last: 0 }
  return { clock, receiver, say, untick, look, scrapeOn, [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose]() }
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
  assert.deepEqual(audited, [['attention ticked off', 'until 2025-09-22: aldi/G1, last 2025-09-15']])
})
