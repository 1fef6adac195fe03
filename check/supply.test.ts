/** What is told about the pinned Node and about known weaknesses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aboutNode, aboutWeaknesses, NODE_DAYS_MAX, type Published } from './supply.ts'

const NOW = Date.parse('2026-12-01')
const PINNED = { 'node-a': '26.9.0', 'node-b': '26.9.0' }
const OLD = { '26.9.0': '2026-09-01', '24.30.0': '2026-11-30' }

test('a newer Node counts only when every platform has it, and is due after some days', () => {
  const only = (more: Record<string, string>): Published => ({ 'node-a': { ...OLD, ...more }, 'node-b': OLD })
  const both = (more: Record<string, string>): Published => ({
    'node-a': { ...OLD, ...more },
    'node-b': { ...OLD, ...more },
  })
  const alone = aboutNode(PINNED, only({ '26.10.0': '2026-09-10' }), NOW)
  assert.deepEqual([alone.isDue, alone.text.includes('91 days old')], [false, true])
  const fresh = aboutNode(PINNED, both({ '26.10.0': '2026-11-25' }), NOW)
  assert.deepEqual([fresh.isDue, fresh.text.includes('26.10.0')], [false, true])
  const due = aboutNode(PINNED, both({ '26.9.1': '2026-11-01', '26.10.0': '2026-11-30' }), NOW)
  assert.deepEqual([due.isDue, due.text.includes(`26.10.0, since 30 days`)], [true, true])
  assert.ok(NODE_DAYS_MAX < 30)
  assert.equal(aboutNode({ ...PINNED, 'node-b': '26.8.0' }, both({}), NOW).isDue, true)
})

test('that weaknesses are known, that none are, and that nobody answered are three different things', () => {
  const printed = (high: number) => JSON.stringify({ metadata: { vulnerabilities: { low: 0, high, total: high } } })
  assert.match(aboutWeaknesses(printed(0)).text, /: none\.$/)
  assert.deepEqual(aboutWeaknesses(printed(2)), { text: 'Known weaknesses: 2 high. See npm audit.', isDue: true })
  for (const silence of ['', 'npm error', '{"message":"405 Method Not Allowed"}'])
    assert.match(aboutWeaknesses(silence).text, /nobody answered.*sbom/)
})
