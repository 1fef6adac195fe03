/** The log: one line of JSON an event, whatever is in it, written before the call returns. */
import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/folders.ts'
import fc from '../../../test/properties.ts'
import { openLog } from '../log.ts'

test('an event is one line of JSON with its level by name, its time and its fields', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'log')
  const file = openSync(path, 'w')
  const log = openLog('info', file)
  log.info({ filename: 'a\n\x1b[31m"b".jsonl' }, 'upload accepted')
  log.debug('not shown')
  const lines = readFileSync(path, 'utf8').split('\n')
  closeSync(file)
  assert.equal(lines.length, 2)
  assert.doesNotMatch(lines[0] ?? '', /\p{Cc}/u)
  const { time, ...event } = JSON.parse(lines[0] ?? '')
  assert.deepEqual(event, { level: 'info', filename: 'a\n\x1b[31m"b".jsonl', msg: 'upload accepted' })
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

test('whatever text is logged, each event is one line without control characters, and reads as it was', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'log')
  const file = openSync(path, 'w')
  const log = openLog('info', file)
  const controls = fc.array(fc.integer({ min: 0, max: 0x9f }), { maxLength: 8 })
  const texts = fc.sample(
    fc.oneof(
      controls.map((codes) => String.fromCharCode(...codes)),
      fc.string(),
    ),
    10_000,
  )
  texts.push('\u2028\u2029\u009b31m')
  for (const text of texts) log.info({ text, [text]: 1 }, text)
  closeSync(file)
  const lines = readFileSync(path, 'utf8').split('\n')
  assert.equal(lines.pop(), '')
  assert.equal(lines.length, texts.length)
  for (const [index, line] of lines.entries()) {
    assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029]/u)
    assert.equal(JSON.parse(line).msg, texts[index])
  }
})
