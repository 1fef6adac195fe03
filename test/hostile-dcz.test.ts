/** Hostile bodies that refer to dictionaries, against a server that has 256 MiB of memory. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toUnencodedDigest } from '@splitcart/shared/digest.ts'
import { Chance } from '../packages/data-management/test/random.ts'
import { MEMORY_BYTES_MAX } from './bombed.ts'
import { type HostileBody, hostileBodies } from './hostile-dcz.ts'
import { listening, openMachines, PROGRAM, startProgram, withoutSettings } from './machines.ts'
import { memoryGroup, peakBytesOf } from './memory-group.ts'
import { NO_PROC } from './processes.ts'

const BODIES = 2_000
// Half a minute where nothing else runs; beside fleets that are cut off it takes several times as long.
const MS_MAX = 400_000
const KIB = 1024

type Way = Readonly<{ url: string; key: string }>

const WITHOUT_LIMIT = { REQUESTS_PER_MINUTE_MAX: '1000000', FAILURES_PER_MINUTE_MAX: '1000000' }

/** What differs from one scrape to the next; each about half a MiB. */
function scrape(company: string): Buffer {
  const rows = Array.from({ length: 3 * KIB }, (_, index) => {
    const product = { sku: `s${index}`, name: `${company} ${Math.sqrt(index)}`, price_current: 1.5 }
    return `${JSON.stringify({ product, metadata: { company, store_id: 'G1', scraped_date: '2025-09-12' } })}\n`
  })
  return Buffer.from(rows.join(''))
}

async function post(
  { url, key }: Way,
  name: string,
  { body, sha256 }: Pick<HostileBody, 'body' | 'sha256'>,
  encoding = 'dcz',
) {
  const headers = {
    'X-API-Key': key,
    'Content-Type': 'application/jsonl',
    'Content-Disposition': `attachment; filename="${name}"`,
    ...(encoding !== '' && { 'Content-Encoding': encoding }),
    ...(sha256 !== undefined && { 'Unencoded-Digest': toUnencodedDigest(sha256) }),
  }
  const answer = await fetch(`${url}/api/upload/`, { method: 'POST', headers, body: new Uint8Array(body) })
  return { status: answer.status, code: String(((await answer.json()) as { code?: string }).code) }
}

test('of 2,000 hostile bodies with dictionaries none is taken, in 256 MiB of memory', {
  skip: NO_PROC,
  timeout: MS_MAX,
}, async (t) => {
  await using machines = await openMachines()
  const [key, otherKey] = [await machines.key(), await machines.key()]
  using group = memoryGroup(MEMORY_BYTES_MAX)
  const env = { ...withoutSettings(), DATA_MANAGEMENT_DATA_DIR: machines.dataManagement, ...WITHOUT_LIMIT }
  const [program, args] = group.entering([process.execPath, PROGRAM, 'serve', '--port', '0', '--no-update-db'])
  const server = await listening(startProgram(args, machines.path, env, program))
  try {
    const known = { own: scrape('aldi'), others: scrape('iga') }
    const whole = { sha256: undefined }
    assert.equal((await post({ url: server.url, key }, 'own.jsonl', { body: known.own, ...whole }, '')).status, 201)
    const others = { url: server.url, key: otherKey }
    assert.equal((await post(others, 'others.jsonl', { body: known.others, ...whole }, '')).status, 201)
    const said: Record<string, number> = {}
    for (const hostile of hostileBodies(BODIES, known, new Chance(1))) {
      const { status, code } = await post({ url: server.url, key }, 'hostile.jsonl', hostile)
      assert.ok(hostile.refusals.includes(code), `${hostile.kind}: ${status} ${code}`)
      said[code] = (said[code] ?? 0) + 1
    }
    assert.deepEqual(await machines.names('data_management', 'product_inbox'), ['others.jsonl', 'own.jsonl'])
    const peak = peakBytesOf(server.child.pid!)
    t.diagnostic(`${Math.round(peak / KIB / KIB)} MiB at most; ${JSON.stringify(said)}`)
    assert.ok(peak > 0 && peak <= MEMORY_BYTES_MAX, `${peak} bytes`)
  } finally {
    server.child.kill('SIGKILL')
    await server.ended
  }
})
