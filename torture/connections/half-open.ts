/** Some addresses open connections and say nothing on them, or half of something: others are served all the same. */
import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import { rowsText } from '../../packages/data-management/test/receiver.ts'
import { openMachines } from '../../test/machines.ts'
import { allowedMs } from '../../test/times.ts'
import type { Case, Fault, Options } from '../campaign.ts'
import type { HalfOpen } from './half-open-sockets.ts'

const ATTACKER = new URL('half-open-sockets.ts', import.meta.url)
const HONEST_ADDRESS = '127.0.0.2'
const ANSWER_MS_MAX = 2_000
const PAUSE_MS = 100
// What a slow machine needs beyond the time to open them all.
const OPEN_MS_MAX = 60_000
// Besides those that are held: what is refused at once, and comes again.
const RESTLESS_SHARE = 0.1

/** Makes the case: so many connections from so many addresses, held or opened anew for so many seconds. All must be open at some time. */
export function halfOpen({ sockets = 5_000, addresses = 8, seconds = 30 }: Options): Case {
  const sum = { served: 0, msMax: 0, heldMax: 0, opened: 0 }
  const round = async (): Promise<Fault> => {
    await using machines = await openMachines()
    const key = await machines.key('upload')
    const server = await machines.serve(['--no-update-db'])
    const port = Number(new URL(server.url).port)
    const restless = Math.round(sockets * RESTLESS_SHARE)
    const attack: HalfOpen = { port, sockets, restless, addresses }
    const worker = new Worker(ATTACKER, { workerData: attack })
    worker.on('message', ({ held, opened }: { held: number; opened: number }) => {
      sum.heldMax = Math.max(sum.heldMax, held)
      sum.opened = Math.max(sum.opened, opened)
    })
    try {
      const end = performance.now() + seconds * 1000
      const isOver = () => performance.now() > (sum.heldMax < sockets ? end + OPEN_MS_MAX : end)
      for (; !isOver(); await sleep(PAUSE_MS)) {
        const start = performance.now()
        const status = await upload(port, key, ++sum.served)
        const ms = performance.now() - start
        sum.msMax = Math.max(sum.msMax, ms)
        if (status !== 201) return `an honest upload was answered with ${status}`
        if (ms > allowedMs(ANSWER_MS_MAX))
          return `an honest upload took ${Math.round(ms)} ms with ${sum.heldMax} connections open`
      }
    } finally {
      await worker.terminate()
    }
    if (server.child.exitCode !== null) return `the server ended: ${server.printed()}`
    return sum.heldMax >= sockets ? undefined : `only ${sum.heldMax} connections were open at once`
  }
  const figure = () =>
    `${sum.served} honest uploads, the slowest in ${Math.round(sum.msMax)} ms; up to ${sum.heldMax} connections open, ${sum.opened} opened`
  return Object.assign(round, { figure })
}

/** Uploads a new file over a new connection from another address. */
async function upload(port: number, key: string, number: number): Promise<number | string | undefined> {
  const body = gzipSync(rowsText(20, number / 100))
  const headers = {
    'X-API-Key': key,
    'Content-Type': 'application/gzip',
    'Content-Disposition': `attachment; filename="honest-${number}.jsonl.gz"`,
    'Content-Length': body.length,
  }
  const { promise, resolve } = Promise.withResolvers<number | string | undefined>()
  const where = { port, host: '127.0.0.1', localAddress: HONEST_ADDRESS, path: '/api/upload/', method: 'POST' }
  const asking = request({ ...where, headers, agent: new Agent() }, (answer: IncomingMessage) => {
    answer.resume().on('end', () => resolve(answer.statusCode))
  })
  asking.on('error', (error) => resolve(error.message))
  asking.end(body)
  return promise
}
