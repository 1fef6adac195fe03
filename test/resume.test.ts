/** A large file over a bad line: what has crossed it once does not cross it again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { playResume } from './resume-scene.ts'

// What a cut takes of what buffers hold between the two; on a busy machine they are full. Of a larger file it is less than a fifth, which
// the campaign looks at.
const IN_FLIGHT_MAX = 512 * 1024

const SCENE = { seed: 7, compressedBytes: 30_000_000, cuts: 20, serverKills: 2, senderKills: 1 }

test('a file whose transfer is cut 20 times, with both sides killed, arrives once, and hardly more than once crosses the line', async (t) => {
  const { sentBytes, spooledBytes, cuts, fault } = await playResume(SCENE)
  assert.equal(fault, undefined)
  assert.equal(cuts, 23)
  t.diagnostic(`${sentBytes} bytes for ${spooledBytes}: ${(sentBytes / spooledBytes).toFixed(3)}`)
  assert.ok(spooledBytes > 25_000_000)
  assert.ok(sentBytes <= spooledBytes + cuts * IN_FLIGHT_MAX, `${sentBytes} bytes crossed the line for ${spooledBytes}`)
})
