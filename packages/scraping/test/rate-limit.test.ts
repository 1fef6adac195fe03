import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRateLimit, TokenBucket } from '../rate-limit.ts'

test('bytes go at the rate, the first burst at once', () => {
  const bucket = new TokenBucket(1000)
  assert.deepEqual(
    [250, 250, 500, 250].map((bytes) => bucket.take(bytes, 0)),
    [0, 250, 750, 1000],
  )
  assert.equal(bucket.take(250, 1000), 250, 'a debt is paid by waiting')
})

test('what was not used is kept for no longer than a burst', () => {
  const bucket = new TokenBucket(1000)
  bucket.take(1, 0)
  assert.equal(bucket.take(250, 60_000), 0)
  assert.equal(bucket.take(250, 60_000), 250)
})

test('uploads share one limit, byte for byte, and each of them goes on', async () => {
  let now = 0
  const clock = {
    steady: () => now,
    sleep: async (ms: number) => {
      now += ms
    },
  }
  const limit = createRateLimit(8000, clock)
  const order: string[] = []
  const send = async (name: string) => {
    const sent: Buffer[] = []
    for await (const piece of limit.slow(chunks(name))) {
      sent.push(piece)
      order.push(name)
    }
    return Buffer.concat(sent).toString()
  }
  const [a, b] = await Promise.all([send('a'), send('b')])
  assert.deepEqual([a, b], ['a'.repeat(16_000), 'b'.repeat(16_000)])
  assert.ok(now >= 3_700, `32 kB at 8 kB/s took ${now} ms`)
  assert.ok(order.lastIndexOf('a') > order.indexOf('b') && order.lastIndexOf('b') > order.indexOf('a'))
})

async function* chunks(letter: string): AsyncGenerator<Buffer<ArrayBuffer>> {
  yield Buffer.from(letter.repeat(10_000))
  yield Buffer.from(letter.repeat(6_000))
}
