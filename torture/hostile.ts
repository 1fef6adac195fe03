/**
 * Hostile load of every kind at once against a `serve` with its loader in a control group, while an honest sender sends small files: all
 * of these are answered soon and loaded, and in the end memory and descriptors are what they were at the beginning.
 */
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { Chance } from '../packages/data-management/test/random.ts'
import { BOMB_LIMITS, makeBombs } from '../test/bombs.ts'
import { listening, openMachines, PROGRAM, type Server, startProgram, withoutSettings } from '../test/machines.ts'
import { memoryGroup } from '../test/memory-group.ts'
import { openedForRequests } from '../test/processes.ts'
import type { Case, Fault, Options } from './campaign.ts'

const MIB = 2 ** 20
const HONEST_PAUSE_MS = 250
const HONEST = '127.0.0.1'
const LOADED_MS_MAX = 120_000
const LOOK_MS = 5_000
const LIST = '/api/uploads?limit=200'
const REFUSED_TOLD_MAX = 3
const QUIET_MS = 15_000
// What a process had when it had warmed up, and what may come on top of it: caches, connections to databases.
const WARM_UP_SHARE = 0.2
const MEMORY_FACTOR_MAX = 1.3
const MEMORY_SPARE_BYTES = 48 * MIB
const DESCRIPTORS_SPARE = 16
const NAMED = (name: string) => ({ 'content-disposition': `attachment; filename="${name}.jsonl.gz"` })

type Scene = Readonly<{ server: Server; keys: Readonly<Record<'honest' | 'hostile', string>>; chance: Chance }>
type Answer = Readonly<{ status: number; text: string }>
type Sent = Readonly<{ method: string; path: string; headers?: Record<string, string>; body?: Buffer; from: string }>

/** Makes the case. */
export function hostile({ minutes = 0, mebibytes = 0, milliseconds = 0 }: Options): Case {
  const told: string[] = []
  const round = async (seed: number): Promise<Fault> => {
    await using machines = await openMachines()
    const keys = { honest: await machines.key('upload,read'), hostile: await machines.key('upload,read') }
    using group = memoryGroup(mebibytes * MIB)
    const [program, args] = group.entering([process.execPath, PROGRAM, 'serve', '--port', '0'])
    const env = {
      ...withoutSettings(),
      DATA_MANAGEMENT_DATA_DIR: machines.dataManagement,
      ...BOMB_LIMITS,
      // What the server itself failed at; refusals are no errors.
      LOG_LEVEL: 'error',
    }
    const server = await listening(startProgram(args, machines.path, env, program))
    try {
      const { fault, figure } = await play({ server, keys, chance: new Chance(seed) }, minutes * 60_000, milliseconds)
      told.push(`${group.isLimited ? `in ${mebibytes} MiB` : 'not limited'}: ${figure}`)
      return fault
    } finally {
      server.child.kill('SIGTERM')
      await server.ended
    }
  }
  return Object.assign(round, { figure: () => told.join('; ') })
}

async function play(scene: Scene, ms: number, msMax: number): Promise<{ fault: Fault; figure: string }> {
  const end = performance.now() + ms
  const isOver = () => performance.now() > end || scene.server.child.exitCode !== null
  const counts: Record<string, number> = {}
  const lanes = Object.entries(ATTACKS).map(async ([name, attack], at) => {
    for (counts[name] = 0; !isOver(); counts[name]++) await attack(scene, `127.0.0.${at + 2}`).catch(() => {})
  })
  const sending = sendHonest(scene, isOver)
  await sleep(ms * WARM_UP_SHARE)
  const before = stateOf(scene.server)
  await Promise.all(lanes)
  const { taken, times, refused } = await sending
  await sleep(QUIET_MS)
  const after = stateOf(scene.server)
  const p99 = times.toSorted((one, other) => one - other)[Math.floor(times.length * 0.99)] ?? Number.POSITIVE_INFINITY
  const missing = await missingOf(scene, taken)
  const faults = [
    scene.server.child.exitCode !== null && 'the server ended',
    refused.length > 0 &&
      `${refused.length} of ${times.length} honest uploads were not taken: ${refused.slice(0, REFUSED_TOLD_MAX).join(', ')}`,
    ...failuresOf(scene.server),
    missing > 0 && `${missing} honest files are not loaded`,
    p99 > msMax && `honest uploads took ${Math.round(p99)} ms (p99)`,
    after.bytes > before.bytes * MEMORY_FACTOR_MAX + MEMORY_SPARE_BYTES && 'it keeps more memory than before',
    after.descriptors > before.descriptors + DESCRIPTORS_SPARE && 'it keeps more descriptors than before',
  ].filter((fault) => fault !== false)
  const attacks = Object.entries(counts).map(([name, count]) => `${count} ${name}`)
  const memory = `${Math.round(before.bytes / MIB)} and ${Math.round(after.bytes / MIB)} MiB`
  const descriptors = `${before.descriptors} and ${after.descriptors} descriptors`
  const figure = `${times.length} honest uploads, p99 ${Math.round(p99)} ms, beside ${attacks.join(', ')}; warm and at the end ${memory}, ${descriptors}`
  return { fault: faults.length === 0 ? undefined : `${faults.join(', ')}: ${figure}`, figure }
}

/** What the log tells of requests that the server failed at, each kind once. */
function failuresOf({ printed }: Server): string[] {
  const failures = printed()
    .split('\n')
    .filter((line) => line.includes('request failed'))
    .map((line) => /"err":(\{.*\})/.exec(line)?.[1] ?? line)
  return [...new Set(failures)].slice(0, REFUSED_TOLD_MAX).map((failure) => `the server failed: ${failure}`)
}

/** The ids of the files that were taken, how long each took, and how others were refused. */
type Sending = Readonly<{ taken: string[]; times: number[]; refused: string[] }>

/** Sends one small file after the other. */
async function sendHonest(scene: Scene, isOver: () => boolean): Promise<Sending> {
  const taken: string[] = []
  const times: number[] = []
  const refused: string[] = []
  for (let number = 0; !isOver(); number++, await sleep(HONEST_PAUSE_MS)) {
    const body = gzipSync(rowOf(number))
    const headers = { 'content-type': 'application/gzip', ...NAMED(`honest-${number}`) }
    const start = performance.now()
    const sent = { method: 'POST', path: '/api/upload/', headers, body, from: HONEST }
    const answer = await say(scene, 'honest', sent).catch((error: unknown) => ({ status: 0, text: String(error) }))
    times.push(performance.now() - start)
    if (answer.status === 201) taken.push(JSON.parse(answer.text).id)
    else refused.push(`number ${number} by ${answer.status} ${answer.text.slice(0, 200)}`)
  }
  return { taken, times, refused }
}

type Listed = Readonly<{ uploads: readonly { id: string; state: string }[]; next: string | null }>

/** How many of these are not loaded in the end. */
async function missingOf(scene: Scene, ids: readonly string[]): Promise<number> {
  for (const end = performance.now() + LOADED_MS_MAX; ; await sleep(LOOK_MS)) {
    const loaded = await loadedIn(scene)
    const missing = ids.filter((id) => !loaded.has(id)).length
    if (missing === 0 || performance.now() > end) return missing
  }
}

/** What is loaded of the honest sender's, page by page: to ask for each alone would be more than a key may ask. */
async function loadedIn(scene: Scene): Promise<Set<string>> {
  const loaded = new Set<string>()
  let path: string | undefined = LIST
  while (path !== undefined) {
    const answer = await say(scene, 'honest', { method: 'GET', path, from: HONEST }).catch(() => undefined)
    if (answer?.status !== 200) break
    const { uploads, next }: Listed = JSON.parse(answer.text)
    for (const { id, state } of uploads) if (state === 'loaded') loaded.add(id)
    path = next === null ? undefined : `${LIST}&before=${encodeURIComponent(next)}`
  }
  return loaded
}

const BOMBS = makeBombs()

/** What is done all the time, each from an address of its own. */
const ATTACKS: Readonly<Record<string, (scene: Scene, from: string) => Promise<unknown>>> = {
  'wrong keys': (scene, from) =>
    say(scene, undefined, {
      method: 'GET',
      path: '/api/uploads',
      headers: { 'x-api-key': `splitcart_${'x'.repeat(49)}` },
      from,
    }),
  bombs: (scene, from) => {
    const { headers, body } = scene.chance.of(BOMBS)
    return say(scene, 'hostile', { method: 'POST', path: '/api/upload/', headers, body, from })
  },
  'uploads broken off': ({ server, keys, chance }, from) =>
    speak(server, from, chance.between(0, 200), [
      `POST /api/upload/ HTTP/1.1\r\nHost: x\r\nX-API-Key: ${keys.hostile}\r\nContent-Type: application/gzip\r\n`,
      `Content-Disposition: attachment; filename="b.jsonl.gz"\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(chance.between(0, 5_000))}`,
    ]),
  'pipelines that nobody reads': ({ server }, from) =>
    speak(server, from, 1_000, ['GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(30)]),
  'lengths announced': (scene, from) => {
    const name = Buffer.from(`t-${scene.chance.between(0, 1e9)}.jsonl`).toString('base64')
    const headers = { 'tus-resumable': '1.0.0', 'upload-length': '100000000', 'upload-metadata': `filename ${name}` }
    return say(scene, 'hostile', { method: 'POST', path: '/api/upload/resumable/', headers, from })
  },
  searches: (scene, from) =>
    say(scene, 'hostile', {
      method: 'GET',
      path: `/api/products?q=${scene.chance.of(['m', 'milk', 'row'])}&prices=true`,
      from,
    }),
  'listeners that leave': ({ server, keys }, from) =>
    speak(server, from, 300, [
      `GET /api/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nX-API-Key: ${keys.hostile}\r\n\r\n`,
    ]),
  'heads that never end': ({ server }, from) => speak(server, from, 2_000, ['GET / HTTP/1.1\r\nHost: x\r\nA: ']),
}

/** Says something over a connection of its own, reads nothing, and is gone after a while. */
async function speak({ url }: Server, from: string, ms: number, said: readonly string[]): Promise<void> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', localAddress: from })
  socket.on('error', () => {})
  socket.pause()
  for (const each of said) socket.write(each)
  await sleep(ms)
  socket.destroy()
}

function say({ server, keys }: Scene, key: keyof Scene['keys'] | undefined, sent: Sent): Promise<Answer> {
  const { method, path, headers = {}, body, from } = sent
  const own = key === undefined ? headers : { ...headers, 'x-api-key': keys[key] }
  return new Promise((resolve, reject) => {
    const sending = request(server.url + path, { method, headers: own, agent: false, localAddress: from }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      answer.on('end', () => resolve({ status: answer.statusCode!, text })).on('error', reject)
    })
    sending.on('error', reject).end(body)
  })
}

function stateOf({ child }: Server): { bytes: number; descriptors: number } {
  try {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
    return { bytes: Number(kib) * 1024, descriptors: openedForRequests(child.pid!) }
  } catch {
    return { bytes: 0, descriptors: 0 }
  }
}

function rowOf(number: number): string {
  const product = {
    sku: String(number),
    name: `Row ${number}`,
    normalized_name_brand_size: `row ${number}`,
    price_current: 1,
  }
  const metadata = { company: 'honest', store_id: String(number), scraped_date: new Date().toISOString().slice(0, 10) }
  return `${JSON.stringify({ product, metadata })}\n`
}
