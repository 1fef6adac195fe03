/** Receipts: what is taken for one, and what is not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFinal, parseReceipt, type Receipt, UPLOAD_STATES } from '../receipt.ts'

const RECEIPT: Receipt = {
  id: '0199b2c4-0000-7000-8000-000000000000',
  filename: 'aldi-g700-2025-09-23.jsonl',
  sha256: 'ab'.repeat(32),
  bytes: 3152723,
  lines: 2588,
  state: 'loaded',
  received_at: '2025-09-23T04:05:06.789Z',
  duplicate: false,
  message: "Successfully uploaded and decompressed 'aldi-g700-2025-09-23.jsonl'",
  load: {
    rows: 2588,
    inserted: 2570,
    changed: 0,
    unchanged: 0,
    duplicate: 0,
    rejected: 18,
    warnings: 3,
    finished_at: '2025-09-23T04:05:07.000Z',
    problem: null,
  },
}

test('a receipt goes through its text unchanged, before and after the load', () => {
  for (const receipt of [RECEIPT, { ...RECEIPT, state: 'accepted', load: null }])
    assert.deepEqual(parseReceipt(JSON.stringify(receipt)), receipt)
})

test('a field that a newer server adds does no harm', () => {
  const receipt = { ...RECEIPT, colour: 'green' }
  assert.deepEqual(parseReceipt(JSON.stringify(receipt)), receipt)
})

const WRONG: Readonly<Record<string, unknown>> = {
  'no id': { ...RECEIPT, id: undefined },
  'an empty id': { ...RECEIPT, id: '' },
  'a short digest': { ...RECEIPT, sha256: 'ab' },
  'a digest in capitals': { ...RECEIPT, sha256: 'AB'.repeat(32) },
  'an unknown state': { ...RECEIPT, state: 'lost' },
  'a negative count': { ...RECEIPT, lines: -1 },
  'a broken count': { ...RECEIPT, bytes: 1.5 },
  'a time that is none': { ...RECEIPT, received_at: 'yesterday' },
  'a load without counts': { ...RECEIPT, load: {} },
  'a load with a broken count': { ...RECEIPT, load: { ...RECEIPT.load, rows: 0.5 } },
  'a load with a problem that is a number': { ...RECEIPT, load: { ...RECEIPT.load, problem: 5 } },
  'a time that is short': { ...RECEIPT, received_at: '2025-09-23' },
  'a time in a month that is none': { ...RECEIPT, received_at: '2025-13-23T04:05:06Z' },
  'a digest that is a number': { ...RECEIPT, sha256: 5 },
  'an id that is too long': { ...RECEIPT, id: 'x'.repeat(65) },
  'a load that is a text': { ...RECEIPT, load: 'loaded' },
  nothing: null,
  'a list': [RECEIPT],
}

for (const [what, value] of Object.entries(WRONG))
  test(`${what} makes no receipt`, () => {
    assert.throws(() => parseReceipt(JSON.stringify(value)), { code: 'answer_unknown' })
  })

test('a page of HTML is no receipt', () => {
  assert.throws(() => parseReceipt('<html>'), { code: 'answer_unknown', message: /it is not JSON/ })
})

test('nothing more happens by itself to what is loaded, held, failed or delivered', () => {
  const final = UPLOAD_STATES.filter((state) => isFinal({ ...RECEIPT, state }))
  assert.deepEqual(final, ['loaded', 'held', 'failed', 'delivered'])
})
