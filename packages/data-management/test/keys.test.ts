/** Keys: what they look like, what of them is stored, and when they stop working. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { keyIdOf, makeKey, withChecksum } from '../ledger/key-format.ts'
import { SCOPES } from '../ledger/keys.ts'
import { prepareReceivers, recordConditions } from '../notices/rounds.ts'
import { openLedgerIn, storedIn } from './ledgers.ts'
import { roundsOn } from './notice-rounds.ts'
import { openReceiver, SETTINGS_KEY, sha256Of } from './receiver.ts'

const NOW = Date.parse('2026-01-01')
const FORMAT = /^splitcart_[0-9A-Za-z]{10}_[0-9A-Za-z]{38}$/

test('keys look as the documentation says, and no two are the same', () => {
  const made = Array.from({ length: 1_000 }, makeKey)
  for (const { id, text } of made) {
    assert.match(text, FORMAT)
    assert.equal(keyIdOf(text), id)
  }
  assert.equal(new Set(made.map(({ text }) => text)).size, made.length)
  assert.equal(new Set(made.map(({ id }) => id)).size, made.length)
})

test('a typing error anywhere in a key is noticed by its checksum', () => {
  const { text } = makeKey()
  for (let at = 0; at < text.length; at++) {
    const other = text[at] === 'a' ? 'b' : 'a'
    assert.equal(keyIdOf(text.slice(0, at) + other + text.slice(at + 1)), undefined, `character ${at}`)
    assert.equal(keyIdOf(text.slice(0, at) + text.slice(at + 1)), undefined, `without character ${at}`)
  }
  for (const wrong of ['', ' ', `${text} `, `${text}\n`, text.toUpperCase()]) assert.equal(keyIdOf(wrong), undefined)
})

test('of a key only the SHA-256 is stored', async () => {
  await using at = await temporaryFolder()
  await using ledger = await openLedgerIn(at.path, SETTINGS_KEY)
  const { id, text } = await ledger.keys.create(
    { name: 'a machine', scopes: ['upload'], onlyFor: null, expiresAt: null },
    NOW,
  )
  await ledger.keys.authenticate(text, NOW)
  await ledger.keys.recordUse(id, '127.0.0.1', NOW)
  const stored = await storedIn(at.path)
  const secret = text.split('_')[2] ?? ''
  assert.ok(stored.includes(sha256Of(text)))
  for (const part of [secret, secret.slice(0, 12), secret.slice(-12), SETTINGS_KEY]) assert.ok(!stored.includes(part))
})

test('a key works for its scopes until the moment it expires', async () => {
  await using at = await temporaryFolder()
  await using ledger = await openLedgerIn(at.path)
  const { id, text } = await ledger.keys.create(
    { name: 'a machine', scopes: ['upload', 'read'], onlyFor: null, expiresAt: NOW + 1_000 },
    NOW,
  )
  const sender = { keyId: id, name: 'a machine', scopes: new Set(['upload', 'read']), onlyFor: null, onlyFrom: null }
  assert.deepEqual(await ledger.keys.authenticate(text, NOW), sender)
  assert.deepEqual(await ledger.keys.authenticate(text, NOW + 999), sender)
  assert.equal(await ledger.keys.authenticate(text, NOW + 1_000), undefined)
})

test('a revoked key never works again, and can be revoked once', async () => {
  await using at = await temporaryFolder()
  await using ledger = await openLedgerIn(at.path)
  const { id, text } = await ledger.keys.create(
    { name: 'a machine', scopes: ['upload'], onlyFor: null, expiresAt: null },
    NOW,
  )
  assert.equal(await ledger.keys.revoke(id, NOW), true)
  assert.equal(await ledger.keys.authenticate(text, NOW), undefined)
  assert.equal(await ledger.keys.revoke(id, NOW), false)
  assert.equal(await ledger.keys.revoke('nobody', NOW), false)
})

test('the key of the settings has every scope, stands in no list, and is gone with the setting', async () => {
  await using at = await temporaryFolder()
  await using ledger = await openLedgerIn(at.path, SETTINGS_KEY)
  const sender = await ledger.keys.authenticate(SETTINGS_KEY, NOW)
  assert.deepEqual(sender?.scopes, new Set(SCOPES))
  assert.deepEqual(await ledger.keys.list(), [])
  await using without = await openLedgerIn(at.path)
  assert.equal(await without.keys.authenticate(SETTINGS_KEY, NOW), undefined)
  assert.equal(await without.keys.authenticate('', NOW), undefined)
})

test('keys are listed without anything that could be used as a key', async () => {
  await using at = await temporaryFolder()
  await using ledger = await openLedgerIn(at.path)
  const { id } = await ledger.keys.create(
    { name: 'a machine', scopes: ['upload'], onlyFor: null, expiresAt: null },
    NOW,
  )
  const listed = await ledger.keys.list()
  assert.deepEqual(structuredClone(listed), [
    {
      id,
      name: 'a machine',
      scopes: 'upload',
      only_for: null,
      only_from: null,
      created_at: NOW,
      expires_at: null,
      revoked_at: null,
      rotated_to: null,
      last_used_at: null,
      last_used_from: null,
    },
  ])
})

test('a rotated key works beside its successor for a while, and the successor may do the same', async () => {
  await using at = await temporaryFolder()
  await using ledger = await openLedgerIn(at.path)
  const { keys } = ledger
  const wanted = { name: 'a machine', scopes: ['upload'], onlyFor: ['aldi'], expiresAt: null } as const
  const old = await keys.create(wanted, NOW)
  const made = await keys.rotate(old.id, NOW + 1_000, NOW)
  assert.ok(made)
  for (const { text } of [old, made]) assert.ok(await keys.authenticate(text, NOW + 999))
  assert.equal(await keys.authenticate(old.text, NOW + 1_000), undefined)
  assert.deepEqual((await keys.authenticate(made.text, NOW + 1_000))?.scopes, new Set(['upload']))
  assert.equal((await keys.find(made.id))?.only_for, 'aldi')
  assert.equal(
    await keys.rotate(old.id, NOW + 2_000, NOW + 1_000),
    undefined,
    'one that no longer works is not rotated',
  )
  assert.equal(await keys.rotate('unknown', NOW, NOW), undefined)
})

test('a successor lasts from now as long as its predecessor was made for, which never lasts longer by it', async () => {
  await using at = await temporaryFolder()
  await using ledger = await openLedgerIn(at.path)
  const { keys } = ledger
  const old = await keys.create({ ...WANTED, expiresAt: NOW + 30 * DAY_MS }, NOW)
  const lastDay = NOW + 29 * DAY_MS
  const made = await keys.rotate(old.id, lastDay + 7 * DAY_MS, lastDay)
  assert.deepEqual(
    [(await keys.find(old.id))?.expires_at, (await keys.find(made!.id))?.expires_at],
    [NOW + 30 * DAY_MS, lastDay + 30 * DAY_MS],
  )
})

test('a key is about to expire in its last seven days, unless it has a successor or is revoked, and not when it has expired', async () => {
  const clock = { now: NOW }
  await using receiver = await openReceiver({ now: () => clock.now })
  const { keys } = receiver.ledger
  const make = (name: string, days: number | null, madeAt = NOW) => {
    const expiresAt = days === null ? null : NOW + days * DAY_MS
    return keys.create({ name, scopes: ['upload'], onlyFor: null, expiresAt }, madeAt)
  }
  await make('for ever', null)
  await make('next week', 7)
  await make('tomorrow', 1)
  assert.equal(await keys.revoke((await make('revoked', 1)).id, NOW), true)
  assert.ok(await keys.rotate((await make('rotated', 3, NOW - 90 * DAY_MS)).id, NOW + 2 * DAY_MS, NOW))
  const rounds = roundsOn(receiver, [], { now: () => clock.now, kinds: new Set(['key']) })
  await prepareReceivers(rounds)
  const expiring = async () => {
    await recordConditions(rounds, true)
    return (await receiver.ledger.notices.list(9)).map(({ text }) => /^The key (.*?) \(/.exec(text)?.[1]).sort()
  }
  assert.deepEqual(await expiring(), ['tomorrow'])
  clock.now = NOW + 1
  assert.deepEqual(await expiring(), ['next week', 'tomorrow'])
  clock.now = NOW + DAY_MS - 1
  assert.deepEqual(await expiring(), ['next week', 'tomorrow'])
  clock.now = NOW + DAY_MS
  assert.deepEqual(await expiring(), ['next week'])
  clock.now = NOW + 7 * DAY_MS
  assert.deepEqual(await expiring(), [])
})

test('of rotations at the same moment one makes a successor, and the audit has that one', async () => {
  await using at = await temporaryFolder()
  await using ledger = await openLedgerIn(at.path)
  const { keys } = ledger
  const { id } = await keys.create(WANTED, NOW, 'ada')
  const made = await Promise.all(Array.from({ length: 6 }, () => keys.rotate(id, NOW + 1_000, NOW, 'ada')))
  const [successor, ...others] = made.filter((each) => each !== undefined)
  assert.deepEqual(others, [])
  assert.deepEqual((await keys.list()).map((key) => key.id).toSorted(), [id, successor!.id].toSorted())
  assert.equal((await keys.find(id))?.rotated_to, successor!.id)
  const entries = await ledger.auditEntries(Number.MAX_SAFE_INTEGER, 10)
  assert.deepEqual(
    entries.map(({ who, what, about }) => [who, what, about]),
    [
      ['ada', 'key rotated', id],
      ['ada', 'key created', id],
    ],
  )
})

test('with a key that leaked its successors end, where that is wanted', async () => {
  await using at = await temporaryFolder()
  await using ledger = await openLedgerIn(at.path)
  const { keys } = ledger
  const first = await keys.create(WANTED, NOW)
  const second = await keys.rotate(first.id, NOW + 1_000, NOW)
  const third = await keys.rotate(second!.id, NOW + 1_000, NOW)
  assert.equal(await keys.revoke(first.id, NOW), true)
  assert.ok(await keys.authenticate(third!.text, NOW))
  assert.deepEqual(await keys.revokeWithSuccessors(first.id, NOW), [second!.id, third!.id])
  assert.equal(await keys.authenticate(third!.text, NOW), undefined)
  assert.deepEqual(await keys.revokeWithSuccessors('unknown', NOW), [])
})

test('a key used from two addresses in turn, or from a thousand, does not fill the audit', async () => {
  await using at = await temporaryFolder()
  await using ledger = await openLedgerIn(at.path)
  const [two, many] = [await ledger.keys.create(WANTED, NOW), await ledger.keys.create(WANTED, NOW)]
  for (let turn = 0; turn < 400; turn++) {
    await ledger.keys.recordUse(two.id, turn % 2 === 0 ? '192.0.2.1' : '2001:db8::1', NOW + turn)
    await ledger.keys.recordUse(many.id, `198.51.100.${turn}`, NOW + turn)
  }
  const entries = await ledger.auditEntries(Number.MAX_SAFE_INTEGER, 999)
  const count = (id: string) => entries.filter(({ about }) => about === id).length
  assert.deepEqual([count(two.id), count(many.id)], [2, 10])
})

const WANTED = { name: 'a machine', scopes: ['upload'], onlyFor: null, expiresAt: null } as const

test('the first use of a key from an address stands in the audit, once', async () => {
  await using at = await temporaryFolder()
  await using ledger = await openLedgerIn(at.path)
  const { id } = await ledger.keys.create({ name: 'a', scopes: ['upload'], onlyFor: null, expiresAt: null }, NOW)
  for (const [address, minutes] of [
    ['10.0.0.1', 0],
    ['10.0.0.1', 5],
    ['10.0.0.2', 6],
  ] as const)
    await ledger.keys.recordUse(id, address, NOW + minutes * 60_000)
  const entries = await ledger.auditEntries(Number.MAX_SAFE_INTEGER, 10)
  assert.deepEqual(
    entries.map(({ what, about, detail }) => [what, about, detail]),
    [
      ['key used from a new address', id, '10.0.0.2'],
      ['key used from a new address', id, '10.0.0.1'],
    ],
  )
})

test('an id that no key has is refused wherever it lies among those that keys have, and the keys beside it work', async () => {
  await using at = await temporaryFolder()
  await using ledger = await openLedgerIn(at.path)
  const { keys } = ledger
  assert.equal(await keys.authenticate(withId('5555555555'), NOW), undefined, 'there is no key at all')
  const wanted = { name: 'a machine', scopes: ['upload'] as const, onlyFor: null, expiresAt: null }
  const made = await Promise.all(Array.from({ length: 5 }, () => keys.create(wanted, NOW)))
  for (const id of ['0000000000', 'zzzzzzzzzz', ...made.map((key) => nextTo(key.id))])
    assert.equal(await keys.authenticate(withId(id), NOW), undefined, id)
  for (const { id, text } of made) {
    assert.equal(await keys.authenticate(withId(id), NOW), undefined, 'the secret of another key')
    assert.equal((await keys.authenticate(text, NOW))?.keyId, id)
  }
})

function withId(id: string): string {
  return withChecksum(
    makeKey()
      .text.slice(0, -6)
      .replace(/_.{10}_/, `_${id}_`),
  )
}

function nextTo(id: string): string {
  return id.slice(0, -1) + (id.endsWith('0') ? '1' : '0')
}
