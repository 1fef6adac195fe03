import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Outage, outageLevelOf } from '../outage.ts'
import type { UploadEvent } from '../upload-events.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const PROBLEM = { status: 0, code: 'server_unreachable', title: 'x', detail: 'x', todo: 'x' }
const SETBACK = { problem: PROBLEM, waiting: 3, delayMs: 30 * SECOND }

/** What is told of an outage with a setback every half minute, as "level minute". */
function toldOf(outageMs: number): string[] {
  let now = Date.parse('2026-01-01')
  const events: UploadEvent[] = []
  const outage = new Outage((event) => events.push(event), { steady: () => now })
  for (const end = now + outageMs; now < end; now += 30 * SECOND) outage.recordFailure(SETBACK)
  outage.recordSuccess()
  return events.map((event) => {
    if (event.type === 'recovery') return `over after ${event.outageMs / MINUTE}`
    return event.type === 'outage' ? `${event.level} ${event.outageMs / MINUTE}` : event.type
  })
}

test('a blip is one quiet line', () => {
  assert.deepEqual(toldOf(20 * SECOND), ['info 0'])
})

test('an outage is told every few minutes, louder after an hour, and that it is over', () => {
  const told = toldOf(3 * 60 * MINUTE)
  assert.deepEqual(told.slice(0, 4), ['info 0', 'warn 1', 'warn 6', 'warn 11'])
  assert.deepEqual(told.slice(13, 16), ['error 60', 'error 75', 'error 90'])
  assert.equal(told.at(-1), 'over after 180')
  assert.equal(told.length, 22)
})

test('four days of it are no more than a line every quarter of an hour', () => {
  assert.ok(toldOf(4 * 24 * 60 * MINUTE).length < 400)
  assert.deepEqual([0, MINUTE, 60 * MINUTE].map(outageLevelOf), ['info', 'warn', 'error'])
})
