import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '@splitcart/shared/problem.ts'
import { errorOfResponse, parseRetryAfter } from '../answer.ts'
import { type RetryPause, retryDelayMs, withRetries } from '../retries.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const UNTOLD = { signal: new AbortController().signal, onPause: () => {} }

test('pauses grow, are capped, and are all chance above what the server asks for', () => {
  const patience = { triesMax: 9, firstDelayMs: 100, delayMsMax: 1000 }
  assert.deepEqual(
    [1, 2, 3, 4, 5, 60].map((tries) => retryDelayMs(tries, 1, patience, 0)),
    [100, 200, 400, 800, 1000, 1000],
  )
  assert.equal(retryDelayMs(3, 0, patience, 0), 0)
  assert.equal(retryDelayMs(3, 0.5, patience, 0), 200)
  assert.equal(retryDelayMs(3, 0.5, patience, 5000), 5000)
})

test('Retry-After is read as seconds or as a date', () => {
  assert.equal(parseRetryAfter('7', NOW), 7000)
  assert.equal(parseRetryAfter('Thu, 01 Jan 2026 00:00:30 GMT', NOW), 30_000)
  assert.equal(parseRetryAfter('Wed, 31 Dec 2025 00:00:30 GMT', NOW), 0)
  for (const field of [null, '', 'soon', '-5']) assert.equal(parseRetryAfter(field, NOW), 0)
})

test('what may pass is tried again until the tries are used up', async () => {
  let tries = 0
  const attempt = async () => {
    if (++tries < 3) throw new Problem('server_unreachable')
    return 'there'
  }
  const patience = { triesMax: 3, firstDelayMs: 1 }
  assert.equal(await withRetries(attempt, patience, UNTOLD), 'there')
  tries = -10
  await assert.rejects(withRetries(attempt, patience, UNTOLD), { code: 'server_unreachable' })
  assert.equal(tries, -7)
})

test('what does not pass, and mistakes of the program, are thrown at once', async () => {
  for (const error of [new Problem('key_refused'), new Problem('file_changed'), new TypeError('x'), new Error('x')]) {
    let tries = 0
    const attempt = async () => {
      tries++
      throw error
    }
    await assert.rejects(withRetries(attempt, { triesMax: 5, firstDelayMs: 1 }, UNTOLD), error)
    assert.equal(tries, 1)
  }
})

test('a server that asks for a pause of an hour is left to the next run', async () => {
  const headers = new Headers({ 'retry-after': '3600' })
  const error = errorOfResponse({ url: 'http://x', status: 503, headers, text: '' }, NOW)
  const pauses: RetryPause[] = []
  const pausing = { ...UNTOLD, onPause: (pause: RetryPause) => pauses.push(pause) }
  await assert.rejects(
    withRetries(() => Promise.reject(error), { triesMax: 5 }, pausing),
    error,
  )
  assert.deepEqual(pauses, [])
})

test('being told to stop ends a pause', async () => {
  const stop = new AbortController()
  const pausing = { signal: stop.signal, onPause: () => stop.abort() }
  const attempt = () => Promise.reject(new Problem('server_unreachable'))
  await assert.rejects(withRetries(attempt, { triesMax: 5, firstDelayMs: 60_000 }, pausing), {
    code: 'server_unreachable',
  })
})
