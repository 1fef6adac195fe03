/** Connections that break off anywhere in a request: the server stays as it was, with no part, no descriptor and no fault more. */
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { Chance } from '../../packages/data-management/test/random.ts'
import { rowsText } from '../../packages/data-management/test/receiver.ts'
import { type Machines, openMachines, type Server } from '../../test/machines.ts'
import { openedForRequests } from '../../test/processes.ts'
import type { Case, Fault, Options } from '../campaign.ts'

const AT_ONCE = 32
const PAUSE_MS_MAX = 10
const QUIET_MS_MAX = 15_000
const WARM_UP = 200
// A note of an upload may be being written.
const DESCRIPTORS_SPARE = 2

const NO_LIMITS = {
  UPLOADS_AT_ONCE_MAX: '1000000',
  REQUESTS_PER_MINUTE_MAX: '1000000000',
  FAILURES_PER_MINUTE_MAX: '1000000000',
  SOCKETS_PER_ADDRESS_MAX: '8000',
  LOG_LEVEL: 'warn',
}

/** Makes the case: so many aborts a round, all on one server. */
export async function aborts({ aborts: count = 1_000 }: Options): Promise<Case> {
  const machines = await openMachines()
  const key = await machines.key('upload,read')
  const server = await machines.serve(['--no-update-db'], NO_LIMITS)
  const port = Number(new URL(server.url).port)
  const requests = requestsOf(key)
  await abortMany({ port, requests, chance: new Chance(0), count: WARM_UP })
  await sleep(2 * PAUSE_MS_MAX)
  const before = await quiet(machines, server, Number.POSITIVE_INFINITY)
  let aborted = 0
  const round = async (seed: number): Promise<Fault> => {
    await abortMany({ port, requests, chance: new Chance(seed), count })
    aborted += count
    const left = await quiet(machines, server, before.descriptors + DESCRIPTORS_SPARE)
    if (server.child.exitCode !== null || server.printed().includes('"level":"'))
      return server.printed().slice(0, 2_000)
    if (left.parts > 0) return `${left.parts} parts are left`
    if (left.descriptors > before.descriptors + DESCRIPTORS_SPARE)
      return `${left.descriptors} descriptors are open, ${before.descriptors} were before`
    return undefined
  }
  const figure = () => `${aborted} aborts`
  return Object.assign(round, { figure, close: async () => machines[Symbol.asyncDispose]() })
}

type Aborts = Readonly<{ port: number; requests: readonly Buffer[]; chance: Chance; count: number }>

async function abortMany(aborts: Aborts): Promise<void> {
  let left = aborts.count
  const lane = async () => {
    while (left-- > 0) await abortOne(aborts)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}

/** Says the beginning of a request, perhaps in two batches, and is gone: politely, without a word, or with a reset. */
async function abortOne({ port, requests, chance }: Aborts): Promise<void> {
  const whole = chance.of(requests)
  const said = whole.subarray(0, chance.between(0, whole.length))
  const cut = chance.between(0, said.length)
  const leave = chance.of(['end', 'destroy', 'resetAndDestroy'] as const)
  const socket = connect(port, '127.0.0.1')
  const { promise: gone, resolve } = Promise.withResolvers<void>()
  socket.on('error', () => {})
  socket.on('close', () => resolve())
  if (chance.is(0.3)) socket.resume()
  socket.write(said.subarray(0, cut))
  if (chance.is(0.5)) await sleep(chance.between(0, PAUSE_MS_MAX))
  socket.write(said.subarray(cut))
  if (chance.is(0.5)) await sleep(chance.between(0, PAUSE_MS_MAX))
  socket[leave]()
  if (leave === 'end') setTimeout(() => socket.destroy(), PAUSE_MS_MAX)
  await gone
}

/** Waits until there is no part and are no more descriptors than that, as long as is reasonable; gives how many there are. */
async function quiet({ dataManagement }: Machines, { child }: Server, descriptorsMax: number) {
  for (const end = performance.now() + QUIET_MS_MAX; ; await sleep(50)) {
    const parts = (await readdir(join(dataManagement, 'product_inbox', '.part'))).length
    const descriptors = openedForRequests(child.pid!)
    if ((parts === 0 && descriptors <= descriptorsMax) || performance.now() > end) return { parts, descriptors }
  }
}

/** Good requests of every kind. */
function requestsOf(key: string): Buffer[] {
  const text = rowsText(200)
  const gzip = gzipSync(text)
  const file = 'Content-Disposition: attachment; filename="x.jsonl.gz"'
  const form = Buffer.concat([
    Buffer.from('--b\r\nContent-Disposition: form-data; name="file"; filename="x.jsonl.gz"\r\n\r\n'),
    gzip,
    Buffer.from('\r\n--b--\r\n'),
  ])
  const chunks = Buffer.concat([Buffer.from(`${gzip.length.toString(16)}\r\n`), gzip, Buffer.from('\r\n0\r\n\r\n')])
  const tus = ['Tus-Resumable: 1.0.0', `Upload-Metadata: filename ${Buffer.from('x.jsonl.gz').toString('base64')}`]
  const upload = 'POST /api/upload/ HTTP/1.1'
  const length = `Content-Length: ${gzip.length}`
  const of = (head: readonly string[], body: Buffer | string = '') =>
    Buffer.concat([
      Buffer.from(`${[head[0], 'Host: x', `X-API-Key: ${key}`, ...head.slice(1)].join('\r\n')}\r\n\r\n`),
      Buffer.from(body),
    ])
  return [
    of([upload, file, 'Content-Type: application/gzip', length], gzip),
    of([upload, file, 'Content-Type: application/gzip', length, 'Expect: 100-continue'], gzip),
    of([upload, file, 'Content-Type: application/gzip', 'Transfer-Encoding: chunked'], chunks),
    of([upload, 'Content-Type: multipart/form-data; boundary=b', `Content-Length: ${form.length}`], form),
    of([upload, file, 'Content-Type: application/jsonl', `Content-Length: ${Buffer.byteLength(text)}`], text),
    of(
      [
        'POST /api/upload/resumable/ HTTP/1.1',
        ...tus,
        `Upload-Length: ${gzip.length}`,
        'Content-Type: application/offset+octet-stream',
        length,
      ],
      gzip,
    ),
    of(['GET /api/uploads?limit=10 HTTP/1.1']),
    of(['GET /api/openapi.json HTTP/1.1']),
  ]
}
