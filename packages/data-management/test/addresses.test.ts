/** Where requests come from: what a proxy may say about it, what is counted as one address, and keys that are for some only. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MINUTE_MS } from '@splitcart/shared/time.ts'
import { addressLimitKey, networkMatcher } from '../http/edge/server-limits.ts'
import { openReceiver, type Receiver } from './receiver.ts'

test('wrong keys cost their own address only, which a trusted proxy tells and nobody else', async () => {
  await using trusting = await openReceiver({
    serverLimits: { failuresPerMinuteMax: 1, trustedProxies: ['127.0.0.0/8'] },
  })
  const from = (at: Receiver, address: string) =>
    fetch(`${at.url}/api/uploads`, { headers: { 'X-API-Key': 'wrong', 'X-Forwarded-For': address } })
  assert.equal((await from(trusting, '192.0.2.1')).status, 401)
  assert.equal((await from(trusting, '192.0.2.1')).status, 429)
  assert.equal((await from(trusting, '192.0.2.2')).status, 401)
  // What stands in front was written by the sender itself.
  assert.equal((await from(trusting, '192.0.2.9, 192.0.2.1')).status, 429)
  await using open = await openReceiver({ serverLimits: { failuresPerMinuteMax: 1 } })
  assert.equal((await from(open, '192.0.2.1')).status, 401)
  assert.equal((await from(open, '192.0.2.2')).status, 429)
})

test('a proxy that tells no address does not put its text into the ledger', async () => {
  await using receiver = await openReceiver({ serverLimits: { trustedProxies: ['127.0.0.1'] } })
  const headers = { 'X-API-Key': receiver.key, 'X-Forwarded-For': '<script>' }
  assert.equal((await fetch(`${receiver.url}/api/uploads`, { headers })).status, 200)
  assert.equal((await receiver.ledger.keys.list())[0]?.last_used_from, 'unknown')
})

test('what a proxy tells in place of an address never counts as its own', async () => {
  await using receiver = await openReceiver({ serverLimits: { trustedProxies: ['127.0.0.1'] } })
  const wanted = { name: 'here', scopes: ['read'], onlyFor: null, onlyFrom: ['127.0.0.0/8'], expiresAt: null } as const
  const { text: key } = await receiver.ledger.keys.create(wanted, Date.now())
  const from = async (told: string) =>
    (await fetch(`${receiver.url}/api/uploads`, { headers: { 'X-API-Key': key, 'X-Forwarded-For': told } })).status
  for (const told of ['', ' ', 'unknown', '1.2.3.4:567', '[2001:db8::1]:9', '127.0.0.1.', '127.0.0.1, '])
    assert.equal(await from(told), 401, JSON.stringify(told))
  for (const told of ['127.0.0.1', '127.0.0.1:567']) assert.equal(await from(told), 200, told)
  assert.equal((await fetch(`${receiver.url}/api/uploads`, { headers: { 'X-API-Key': key } })).status, 200)
})

test('a key that is for some addresses works from no other, nor does its session, and the answer does not tell why', async () => {
  await using receiver = await openReceiver({ serverLimits: { trustedProxies: ['127.0.0.0/8'] } })
  const { keys } = receiver.ledger
  const rights = { name: 'office', scopes: ['read'], onlyFor: null, expiresAt: null } as const
  const made = await keys.create({ ...rights, onlyFrom: ['192.0.2.0/24', '2001:db8::/32'] }, Date.now())
  const rotated = await keys.rotate(made.id, Date.now() + MINUTE_MS, Date.now())
  const from = (address: string, headers: Record<string, string>, init: RequestInit = {}) =>
    fetch(`${receiver.url}/api/session`, { ...init, headers: { 'X-Forwarded-For': address, ...headers } })
  const signedIn = await from(
    '192.0.2.1',
    { 'Content-Type': 'application/json', Origin: receiver.url },
    { method: 'POST', body: JSON.stringify({ key: made.text }) },
  )
  const session = { Cookie: String(signedIn.headers.get('set-cookie')?.split(';')[0]) }
  for (const proof of [{ 'X-API-Key': made.text }, { 'X-API-Key': rotated!.text }, session]) {
    for (const address of ['192.0.2.77', '::ffff:192.0.2.1', '2001:db8:1::1'])
      assert.equal((await from(address, proof)).status, 200, address)
    for (const address of ['198.51.100.1', '2001:db9::1', '127.0.0.1', '192.0.2.1, 198.51.100.1'])
      assert.equal((await from(address, proof)).status, 401, address)
  }
  const bodies = await Promise.all(
    [{ 'X-API-Key': 'wrong' }, session].map(async (proof) => (await from('198.51.100.1', proof)).json()),
  )
  const [wrong, elsewhere] = bodies.map((body) => ({ ...(body as object), instance: '' }))
  assert.deepEqual(elsewhere, wrong)
  const told = (await receiver.logged())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual([told[0].key, told[0].address], [made.id, '198.51.100.1'])
})

test('an address of IPv6 counts as its network, one of IPv4 as itself however it is written', () => {
  for (const [address, counted] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ] as const)
    assert.equal(addressLimitKey(address), counted)
  const isProxy = networkMatcher(['10.0.0.0/8', '2001:db8::/32', '192.0.2.1'])
  for (const address of ['10.1.2.3', '2001:db8::9', '192.0.2.1', '::ffff:10.1.2.3'])
    assert.ok(isProxy(address), address)
  for (const address of ['11.1.2.3', '2001:db9::9', '192.0.2.2', 'x', '']) assert.ok(!isProxy(address), address)
})
