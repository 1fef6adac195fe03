/** Signing in over the API: what a session may do, when it ends, and who cannot make use of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { SessionView } from '../http/auth/session-schema.ts'
import { askLedger, openLedgerIn } from './ledgers.ts'
import { get, named, openReceiver, type Receiver, SETTINGS_KEY, TEXT } from './receiver.ts'

const JSON_BODY = { 'Content-Type': 'application/json' }
const OWN_PAGE = { 'Sec-Fetch-Site': 'same-origin' }

type Headers = Record<string, string>

function signIn({ url }: Receiver, key: string, headers: Headers = {}): Promise<Response> {
  const body = JSON.stringify({ key })
  return fetch(`${url}/api/session`, { method: 'POST', headers: { ...JSON_BODY, ...headers }, body })
}

function cookieIn(response: Response): string {
  return /^splitcart_session=[^;]*/.exec(response.headers.get('set-cookie') ?? '')?.[0] ?? ''
}

async function signedIn(receiver: Receiver, key: string): Promise<Headers> {
  const response = await signIn(receiver, key)
  assert.equal(response.status, 201)
  return { Cookie: cookieIn(response) }
}

async function ask({ url }: Receiver, headers: Headers, path = '/api/session', method = 'GET'): Promise<Response> {
  return fetch(url + path, { method, headers })
}

async function codeOf(response: Response): Promise<string> {
  return `${response.status} ${((await response.json()) as { code?: string }).code}`
}

test('a browser signs in, is known by its cookie, and signs out', async () => {
  await using receiver = await openReceiver()
  const response = await signIn(receiver, await receiver.makeKey('read', 'upload'))
  assert.equal(response.status, 201)
  const { name, scopes, expires_at } = (await response.json()) as SessionView
  assert.deepEqual([name, scopes], ['a test', ['read', 'upload']])
  assert.ok(Math.abs(Date.parse(expires_at ?? '') - Date.now() - 30 * DAY_MS) < 60_000)
  assert.match(
    response.headers.get('set-cookie') ?? '',
    /^splitcart_session=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/,
  )
  const cookie = { Cookie: cookieIn(response) }
  assert.equal((await ask(receiver, cookie)).status, 200)
  assert.equal((await ask(receiver, cookie, '/api/overview')).status, 200)
  assert.equal(await codeOf(await ask(receiver, cookie, '/api/audit')), '403 scope_missing')
  const out = await ask(receiver, { ...cookie, ...OWN_PAGE }, '/api/session', 'DELETE')
  assert.equal(out.status, 204)
  assert.match(out.headers.get('set-cookie') ?? '', /^splitcart_session=; Max-Age=0;/)
  assert.equal(await codeOf(await ask(receiver, cookie)), '401 key_refused')
  assert.equal(await codeOf(await ask(receiver, {})), '401 key_refused')
})

test('what the audit says of a session, and that the token is stored nowhere', async () => {
  await using receiver = await openReceiver()
  const cookie = await signedIn(receiver, await receiver.makeKey('admin'))
  await ask(receiver, { ...cookie, ...OWN_PAGE }, '/api/session', 'DELETE')
  const entries = await receiver.ledger.auditEntries(Number.MAX_SAFE_INTEGER, 10)
  assert.deepEqual(
    entries.map(({ what }) => what).filter((what) => what.startsWith('signed')),
    ['signed out', 'signed in'],
  )
  assert.match(entries[0]?.who ?? '', /^a test \([0-9A-Za-z]{10}\)$/)
  await signedIn(receiver, SETTINGS_KEY)
  const tables = ['session', 'audit'].map((table) => askLedger(receiver.folders.data, `select * from ${table}`))
  const text = JSON.stringify(await Promise.all(tables))
  assert.ok(!text.includes((cookie.Cookie ?? '').split('=')[1] ?? ''))
})

test('a wrong key is refused as everywhere, and slows down its address with all the others', async () => {
  await using receiver = await openReceiver({ serverLimits: { failuresPerMinuteMax: 3 } })
  for (const key of ['wrong', 'x'.repeat(400)])
    assert.equal(await codeOf(await signIn(receiver, key)), '401 key_refused')
  assert.equal(await codeOf(await ask(receiver, { 'X-API-Key': 'wrong' })), '401 key_refused')
  assert.equal(await codeOf(await signIn(receiver, 'wrong')), '429 too_many_failures')
  assert.equal(
    await codeOf(await ask(receiver, { Cookie: `splitcart_session=${'x'.repeat(43)}` })),
    '429 too_many_failures',
  )
  assert.equal(await codeOf(await ask(receiver, {})), '401 key_refused')
  assert.equal((await signIn(receiver, SETTINGS_KEY)).status, 201)
})

test('a key that may only upload opens no session', async () => {
  await using receiver = await openReceiver()
  const response = await signIn(receiver, receiver.key)
  assert.equal(response.headers.get('set-cookie'), null)
  assert.equal(await codeOf(response), '403 scope_missing')
})

test('a session ends at once when its key is revoked, expires or is another one', async () => {
  let now = Date.now()
  await using receiver = await openReceiver({ now: () => now })
  const { ledger, folders } = receiver
  const made = await ledger.keys.create({ name: 'x', scopes: ['read'], onlyFor: null, expiresAt: null }, now)
  const revoked = await signedIn(receiver, made.text)
  await ledger.keys.revoke(made.id, now)
  assert.equal((await ask(receiver, revoked)).status, 401)

  const short = await ledger.keys.create({ name: 'x', scopes: ['read'], onlyFor: null, expiresAt: now + DAY_MS }, now)
  const response = await signIn(receiver, short.text)
  assert.equal(((await response.json()) as SessionView).expires_at, new Date(now + DAY_MS).toISOString())
  now += DAY_MS
  assert.equal((await ask(receiver, { Cookie: cookieIn(response) })).status, 401)

  const ofSettings = (await signedIn(receiver, SETTINGS_KEY)).Cookie?.split('=')[1] ?? ''
  assert.equal((await ledger.sessions.find(ofSettings, now))?.principal.name, 'API_SECRET_KEY')
  for (const key of [`${SETTINGS_KEY}2`, undefined]) {
    await using other = await openLedgerIn(folders.data, key)
    assert.equal(await other.sessions.find(ofSettings, now), undefined)
  }
  await using restarted = await openLedgerIn(folders.data, SETTINGS_KEY)
  assert.ok(await restarted.sessions.find(ofSettings, now), 'a restart ends no session')
})

test('a session lasts as long as it is used, and its browser is told', async () => {
  let now = Date.now()
  await using receiver = await openReceiver({ now: () => now })
  const key = await receiver.makeKey('read')
  const cookie = await signedIn(receiver, key)
  for (let times = 0; times < 2; times++) {
    now += 29 * DAY_MS
    const response = await ask(receiver, cookie)
    assert.equal(response.status, 200)
    assert.match(response.headers.get('set-cookie') ?? '', /Max-Age=2592000/)
  }
  now += 31 * DAY_MS
  assert.equal((await ask(receiver, cookie)).status, 401)
})

test('a page of another site can neither change anything with a session, nor sign a browser in or out', async () => {
  await using receiver = await openReceiver()
  const admin = await receiver.makeKey('admin')
  const cookie = await signedIn(receiver, admin)
  const { host, port } = new URL(receiver.url)
  const foreign: Headers[] = [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'none' },
    { Origin: 'https://evil.example' },
    { Origin: `http://127.0.0.1:${Number(port) + 1}` },
    { Origin: 'null' },
    { Origin: `http://${host}.evil.example` },
  ]
  for (const headers of foreign) {
    assert.equal(await codeOf(await signIn(receiver, admin, headers)), '403 cross_site', JSON.stringify(headers))
    for (const [method, path] of [
      ['DELETE', '/api/session'],
      ['POST', '/api/keys'],
      ['POST', '/api/uploads/7/undo'],
    ] as const)
      assert.equal(await codeOf(await ask(receiver, { ...cookie, ...headers }, path, method)), '403 cross_site', path)
  }
  assert.equal(await codeOf(await ask(receiver, cookie, '/api/keys', 'POST')), '403 cross_site', 'nor who says nothing')
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
    assert.equal(
      await codeOf(
        await fetch(`${receiver.url}/api/session`, {
          method: 'POST',
          headers: { 'Content-Type': type },
          body: JSON.stringify({ key: admin }),
        }),
      ),
      '415 media_type_unsupported',
    )
  assert.equal((await ask(receiver, cookie)).status, 200, 'and the session is still there')
  assert.equal((await ask(receiver, { ...cookie, Origin: receiver.url }, '/api/session', 'DELETE')).status, 204)
})

test('a session authorises no upload', async () => {
  await using receiver = await openReceiver()
  const cookie = await signedIn(receiver, SETTINGS_KEY)
  const headers = {
    ...cookie,
    ...OWN_PAGE,
    'Content-Type': 'application/gzip',
    'Content-Disposition': named('x.jsonl.gz'),
  }
  const response = await fetch(`${receiver.url}/api/upload/`, { method: 'POST', headers, body: gzipSync(TEXT) })
  assert.equal(await codeOf(response), '401 key_refused')
  const opened = await ask(
    receiver,
    { ...cookie, ...OWN_PAGE, 'Tus-Resumable': '1.0.0' },
    '/api/upload/resumable/',
    'POST',
  )
  assert.equal(await codeOf(opened), '401 key_refused')
})

test('nobody goes on with a token that somebody else has planted', async () => {
  await using receiver = await openReceiver()
  const key = await receiver.makeKey('read')
  const planted = `splitcart_session=${'A'.repeat(43)}`
  const response = await signIn(receiver, key, { Cookie: planted })
  assert.notEqual(cookieIn(response), planted)
  assert.equal((await ask(receiver, { Cookie: planted })).status, 401)
  const attackers = (await signedIn(receiver, key)).Cookie
  const both = `${attackers}; ${cookieIn(response)}`
  assert.equal((await ask(receiver, { Cookie: both })).status, 401, 'of two cookies none is believed')
  const again = await signIn(receiver, key, { Cookie: cookieIn(response) })
  assert.equal(
    (await ask(receiver, { Cookie: cookieIn(response) })).status,
    401,
    'signing in again ends the first session',
  )
  assert.equal((await ask(receiver, { Cookie: cookieIn(again) })).status, 200)
})

test('over https the cookie is for https only; only a trusted proxy is believed that it is', async () => {
  for (const [trustedProxies, secure] of [
    [['127.0.0.1'], true],
    [[], false],
  ] as const) {
    await using receiver = await openReceiver({ serverLimits: { trustedProxies } })
    const response = await signIn(receiver, SETTINGS_KEY, { 'X-Forwarded-Proto': 'https' })
    assert.equal(response.status, 201)
    const given = response.headers.get('set-cookie') ?? ''
    assert.equal(/; Secure$/.test(given), secure)
    assert.equal(given.startsWith('__Host-splitcart_session='), secure)
    if (!secure) continue
    // A host beside this one can plant the second, and never the first.
    const cookie = `${given.split(';')[0]}; splitcart_session=${'A'.repeat(43)}`
    const headers = { 'X-Forwarded-Proto': 'https', Cookie: cookie }
    assert.equal((await fetch(`${receiver.url}/api/session`, { headers })).status, 200)
  }
})

test('a session has an absolute end, however much it is used', async () => {
  const start = Date.now()
  let now = start
  await using receiver = await openReceiver({ now: () => now })
  const { token } = await receiver.ledger.sessions.open('settings', now)
  let last = start
  for (; await receiver.ledger.sessions.find(token, now); now += 20 * DAY_MS) last = now
  assert.equal((last - start) / DAY_MS, 80)
})

test('an administrator sees who is signed in, and ends a session', async () => {
  await using receiver = await openReceiver()
  const admin = { ...receiver, key: SETTINGS_KEY }
  const [first, second] = [await signIn(receiver, SETTINGS_KEY), await signIn(receiver, SETTINGS_KEY)]
  const sessions = Object((await get(admin, '/api/sessions')).body).sessions as Record<string, string>[]
  assert.equal(sessions.length, 2)
  for (const response of [first, second])
    assert.ok(!JSON.stringify(sessions).includes(cookieIn(response).slice('splitcart_session='.length)))
  assert.deepEqual([sessions[0]?.key_id, sessions[0]?.name], ['settings', 'API_SECRET_KEY'])
  for (const { id } of sessions) {
    const options = { method: 'DELETE', headers: { 'X-API-Key': SETTINGS_KEY } }
    assert.equal((await fetch(`${receiver.url}/api/sessions/${id}`, options)).status, 204)
    assert.equal((await fetch(`${receiver.url}/api/sessions/${id}`, options)).status, 404)
  }
  for (const response of [first, second])
    assert.equal(await codeOf(await ask(receiver, { Cookie: cookieIn(response) })), '401 key_refused')
  const [entry] = await receiver.ledger.auditEntries(Number.MAX_SAFE_INTEGER, 1)
  assert.equal(entry?.what, 'session ended')
})

test('a key has a bounded number of sessions; one more ends the oldest', async () => {
  let now = Date.now()
  await using receiver = await openReceiver({ now: () => now })
  const [key] = await receiver.ledger.keys.list()
  const tokens: string[] = []
  for (; tokens.length < 102; now++) tokens.push((await receiver.ledger.sessions.open(String(key?.id), now)).token)
  const found = await Promise.all(tokens.map((token) => receiver.ledger.sessions.find(token, now)))
  assert.deepEqual(found.map((session) => session !== undefined).indexOf(true), 2)
  assert.equal(found.filter((session) => session !== undefined).length, 100)
})

test('what is no sign-in is refused, and does not say what was sent', async () => {
  await using receiver = await openReceiver()
  for (const body of [
    '',
    '{',
    '{}',
    '[]',
    'null',
    '{"key": ""}',
    '{"key": 7, "more": 1}',
    `{"key": "${'x'.repeat(501)}"}`,
    '{"__proto__": {"key": "x"}}',
    'splitcart_secret',
  ]) {
    const response = await fetch(`${receiver.url}/api/session`, { method: 'POST', headers: JSON_BODY, body })
    const text = await response.text()
    assert.equal(`${response.status} ${JSON.parse(text).code}`, '400 request_invalid', body)
    assert.ok(!text.includes('splitcart_secret'))
  }
  assert.equal(await receiver.faultsLogged(), '')
})
