/** Ports on loopback for programs that cannot choose one themselves and tell it, or that listen only after a while. */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MARK } from './left-behind.ts'

// Below those that systems give to who asks for any: no other test gets one of these meanwhile.
const FIRST = 20_000
const LAST = 31_999
const TRIES_MAX = 100

/** So many ports that nobody listens at, and that no other test of this run is given. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Map<number, Server>()
  for (let tries = 1; ports.size < count; tries++) {
    const port = randomInt(FIRST, LAST + 1)
    try {
      if (process.env[MARK] !== undefined) claim(port)
      const server = createServer().listen(port, '127.0.0.1')
      await once(server, 'listening')
      ports.set(port, server)
    } catch (error) {
      if (tries === TRIES_MAX) throw error
    }
  }
  await Promise.all([...ports.values()].map((server) => once(server.close(), 'close')))
  return [...ports.keys()]
}

/** The tests of a run share their temporary folder. Throws where another one has the port. */
function claim(port: number): void {
  closeSync(openSync(join(tmpdir(), `port-${port}`), 'wx'))
}
