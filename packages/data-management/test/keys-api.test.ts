/** Keys over the API: made, used, rotated, revoked; and what the list and the audit say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { KeyPage, MadeKeyView } from '../http/routes/keys-schema.ts'
import { type Answer, assertProblem, get, openReceiver, post, postGzip, type Receiver, TEXT } from './receiver.ts'

async function administered(): Promise<{ receiver: Receiver; admin: Receiver }> {
  const receiver = await openReceiver()
  return { receiver, admin: { ...receiver, key: await receiver.makeKey('admin') } }
}

function say(receiver: Receiver, path: string, body?: object): Promise<Answer> {
  const headers = body === undefined ? {} : { 'Content-Type': 'application/json' }
  return post(receiver, headers as Record<string, string>, body === undefined ? null : JSON.stringify(body), path)
}

test('a key that is made over the API uploads, is rotated and revoked, and the audit says who did it', async () => {
  const { receiver, admin } = await administered()
  await using _ = receiver
  const made = await say(admin, '/api/keys', {
    name: 'laptop',
    scopes: ['upload'],
    only_for: ['aldi', 'iga/21981'],
    only_from: ['127.0.0.0/8'],
  })
  assert.equal(made.status, 201)
  const { id, key, ...shown } = made.body as unknown as MadeKeyView
  assert.deepEqual(
    [shown.name, shown.scopes, shown.only_for, shown.only_from, shown.state, shown.expires_at],
    ['laptop', ['upload'], ['aldi', 'iga/21981'], ['127.0.0.0/8'], 'works', null],
  )
  assert.equal((await postGzip({ ...receiver, key }, 'x.jsonl.gz', TEXT)).status, 201)

  const rotated = await say(admin, `/api/keys/${id}/rotate`, { overlap_hours: 0 })
  assert.equal(rotated.status, 201)
  const next = rotated.body as unknown as MadeKeyView
  assert.deepEqual([next.only_for, next.only_from, next.scopes], [['aldi', 'iga/21981'], ['127.0.0.0/8'], ['upload']])
  assertProblem(await get({ ...receiver, key }, '/api/uploads'), 401, 'key_refused')
  assert.equal((await get({ ...receiver, key: next.key }, '/api/uploads')).status, 200)
  assertProblem(await say(admin, `/api/keys/${id}/rotate`), 409, 'state_other')

  for (let times = 0; times < 2; times++) {
    const revoked = await say(admin, `/api/keys/${next.id}/revoke`)
    assert.deepEqual([revoked.status, revoked.body.state], [200, 'revoked'])
  }
  assertProblem(await get({ ...receiver, key: next.key }, '/api/uploads'), 401, 'key_refused')
  const entries = await receiver.ledger.auditEntries(Number.MAX_SAFE_INTEGER, 100)
  const done = entries.filter(({ what }) => /^key (created|rotated|revoked)$/.test(what))
  assert.deepEqual(
    done.map(({ what, about }) => [what, about]),
    [
      ['key revoked', next.id],
      ['key rotated', id],
      ['key created', id],
    ],
  )
  for (const { who } of done) assert.match(who, /^a test \(\w{10}\)$/)
})

test('a code makes one key, for whoever brings it first within ten minutes, and wrong ones slow down their address', async () => {
  let now = Date.now()
  await using receiver = await openReceiver({ now: () => now, serverLimits: { failuresPerMinuteMax: 3 } })
  const admin = { ...receiver, key: await receiver.makeKey('admin') }
  const stranger = { ...receiver, key: '' }
  const wanted = { name: 'laptop', scopes: ['upload'], only_for: ['aldi'] }
  const invite = async () => String((await say(admin, '/api/invitations', wanted)).body.code)
  const take = (code: string) => say(stranger, '/api/invitations/take', { code })
  const code = await invite()
  assert.match(code, /^[2-9A-Z]{4}(-[2-9A-Z]{4}){2}$/)
  const answers = await Promise.all([take(code.toLowerCase().replaceAll('-', ' ')), take(code)])
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 403])
  const made = answers.find(({ status }) => status === 201)?.body as unknown as MadeKeyView
  assert.deepEqual([made.name, made.scopes, made.only_for], ['laptop', ['upload'], ['aldi']])
  assert.equal((await get({ ...receiver, key: made.key }, '/api/uploads')).status, 200)
  assert.match(String((await take(code)).body.detail), /^it was used already$/)
  const late = await invite()
  now += 10 * 60_000
  assert.match(String((await take(late)).body.detail), /^it is older than 10 minutes$/)
  for (let times = 1; times < 3; times++) assertProblem(await take('ABCD-EFGH-JKMN'), 403, 'code_refused')
  assertProblem(await take('ABCD-EFGH-JKMN'), 429, 'too_many_failures')
  assert.equal((await take(await invite())).status, 201)

  const own = { ...receiver, key: made.key }
  assert.equal((await say(own, '/api/keys/self/revoke')).body.state, 'revoked')
  assert.notEqual((await get(own, '/api/uploads')).status, 200)
  const entries = await receiver.ledger.auditEntries(Number.MAX_SAFE_INTEGER, 100)
  const done = entries
    .filter(({ about, what }) => about === made.id && !what.startsWith('key used'))
    .map(({ what, detail }) => `${what}: ${detail}`)
  assert.deepEqual(done, ['key revoked: by itself', 'key created: laptop: upload for aldi; by a code, from 127.0.0.1'])
  assert.ok(!JSON.stringify(entries).includes(code))
})

test('the list has every key once, page by page, and the text of none', async () => {
  const { receiver, admin } = await administered()
  await using _ = receiver
  const texts: string[] = []
  for (let number = 0; number < 5; number++)
    texts.push(
      String((await say(admin, '/api/keys', { name: `n${number} <script>\u202e`, scopes: ['read'] })).body.key),
    )
  const ids: string[] = []
  for (let after = ''; ; ) {
    const answer = await get(admin, `/api/keys?limit=2${after}`)
    const page = answer.body as unknown as KeyPage
    ids.push(...page.keys.map((key) => key.id))
    assert.ok(!texts.some((text) => JSON.stringify(page).includes(text)))
    if (page.next === null) break
    after = `&after=${page.next}`
  }
  assert.equal(ids.length, 7)
  assert.equal(new Set(ids).size, 7)
  const { keys } = (await get(admin, '/api/keys')).body as unknown as KeyPage
  assert.ok(keys.some(({ name }) => name === 'n3 <script>\u202e'))
})

test('a key says when it expires', async () => {
  const { receiver, admin } = await administered()
  await using _ = receiver
  const expires_at = new Date(Date.now() + DAY_MS).toISOString()
  const made = await say(admin, '/api/keys', { name: 'x', scopes: ['read', 'admin'], expires_at })
  assert.equal(made.body.expires_at, expires_at)
  assertProblem(
    await say(admin, '/api/keys', { name: 'x', scopes: ['read'], expires_at: '2020-01-01T00:00:00Z' }),
    400,
    'request_invalid',
  )
})

test('what is no order for a key makes none', async () => {
  const { receiver, admin } = await administered()
  await using _ = receiver
  const good = { name: 'x', scopes: ['read'] }
  for (const body of [
    {},
    { name: 'x' },
    { ...good, name: '' },
    { ...good, name: 'x'.repeat(101) },
    { ...good, scopes: [] },
    { ...good, scopes: ['root'] },
    { ...good, scopes: ['read', 'read'] },
    { ...good, only_for: [] },
    { ...good, only_from: [] },
    { ...good, only_from: ['127.0.0.1/33'] },
    { ...good, only_from: ['localhost'] },
    { ...good, only_for: ['a\nb'] },
    { ...good, onlyFor: ['aldi'] },
    { ...good, expires_at: 'tomorrow' },
  ])
    assertProblem(await say(admin, '/api/keys', body), 400, 'request_invalid')
  assertProblem(await say(admin, '/api/keys/nobody/revoke'), 404, 'not_found')
  assertProblem(await say(admin, '/api/keys/nobody/rotate', { overlap_hours: 1 }), 404, 'not_found')
  assertProblem(await say(admin, '/api/keys/nobody/rotate', { overlap_hours: -1 }), 400, 'request_invalid')
  assertProblem(await say(admin, '/api/keys/settings/revoke'), 404, 'not_found')
  assert.equal((await receiver.ledger.keys.list()).length, 2)
})

test('a session alone makes no keys: the key is asked for again, and it counts who owns that', async () => {
  const { receiver, admin } = await administered()
  await using _ = receiver
  const json = { 'Content-Type': 'application/json' }
  const signIn = { method: 'POST', headers: json, body: JSON.stringify({ key: admin.key }) }
  const [cookie = ''] = (await fetch(`${receiver.url}/api/session`, signIn)).headers.getSetCookie()
  const session = { ...json, Cookie: cookie.split(';')[0]!, 'Sec-Fetch-Site': 'same-origin' }
  const [{ id = '' } = {}] = await receiver.ledger.keys.list()
  for (const path of ['/api/keys', `/api/keys/${id}/rotate`]) {
    const answer = async (key: string | undefined) => {
      const body = path === '/api/keys' ? JSON.stringify({ name: 'x', scopes: ['read'] }) : '{}'
      const headers = key === undefined ? session : { ...session, 'X-API-Key': key }
      const response = await fetch(receiver.url + path, { method: 'POST', headers, body })
      return `${response.status} ${((await response.json()) as { code?: string }).code ?? ''}`
    }
    assert.equal(await answer(undefined), '403 key_wanted')
    assert.equal(await answer(`${admin.key}x`), '401 key_refused')
    assert.equal(await answer(receiver.key), '403 scope_missing')
    assert.equal(await answer(admin.key), '201 ')
  }
})
