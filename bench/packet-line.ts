/**
 * A slow, long and lossy line between this process and a network of its own at the far end: what goes over it are real packets of the
 * kernel's TCP, as cubic sends them, which is what machines at home have. Only inside `inOwnNetwork`.
 *
 *   127.0.0.1 (where plain http may be spoken) ── relay ── line (10.78.0.1 ─ 10.78.0.2) ── what is started at the far end
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream'
import { promisify } from 'node:util'
import { temporaryFolder } from '../test/folders.ts'

const run = promisify(execFile)

const PYTHON = '/usr/bin/python3'
const [NEAR, FAR] = ['near0', 'far0']
const NEAR_ADDRESS = '10.78.0.1'
export const FAR_ADDRESS = '10.78.0.2'

/** `delayMs`: there and back. `loss`: of so many packets one. */
export type Line = Readonly<{ bitsPerSecond: number; delayMs: number; loss: number }>

export type PacketLine = AsyncDisposable &
  Readonly<{
    /** What stands before a command that runs at the far end. */
    far: readonly string[]
    /** An address here at which a port of the far end answers. */
    relay: (port: number) => Promise<string>
    /** Closes the line and tells how many bytes went up, with all that TCP adds. */
    close: () => Promise<number>
  }>

/** Opens the line; dispose of it. */
export async function openPacketLine({ bitsPerSecond, delayMs, loss }: Line, seed: number): Promise<PacketLine> {
  const at = await temporaryFolder()
  const space = join(at.path, 'far')
  const far = ['nsenter', `--net=${space}`]
  await writeFile(space, '')
  await run('unshare', [`--net=${space}`, 'true'])
  const line = spawn('nice', [
    ...['-n', '-15', PYTHON, join(import.meta.dirname, 'packet-line.py')],
    ...[NEAR, FAR, bitsPerSecond, delayMs / 2, 1 / loss, seed].map(String),
  ])
  const lines = createInterface(line.stdout)[Symbol.asyncIterator]()
  await lines.next()
  await run('ip', ['link', 'set', 'lo', 'up'])
  await run('ip', ['link', 'set', FAR, 'netns', space])
  await raise([], NEAR, NEAR_ADDRESS)
  await run(far[0]!, [...far.slice(1), 'ip', 'link', 'set', 'lo', 'up'])
  await raise(far, FAR, FAR_ADDRESS)
  const relays: Awaited<ReturnType<typeof openRelay>>[] = []
  let sent: Promise<number> | undefined
  const end = async () => {
    for (const relay of relays) await relay.close()
    line.stdin.end()
    const { value = '0' } = await lines.next()
    await once(line, 'close')
    return Number(value.split(' ')[0])
  }
  const close = () => {
    sent ??= end()
    return sent
  }
  return {
    far,
    relay: async (port) => {
      const relay = await openRelay(port)
      relays.push(relay)
      return relay.url
    },
    close,
    [Symbol.asyncDispose]: async () => {
      await close()
      await run('umount', [space])
      await at[Symbol.asyncDispose]()
    },
  }
}

async function raise(within: readonly string[], end: string, address: string): Promise<void> {
  const [program = 'sh', ...more] = [...within, 'sh']
  const other = end === NEAR ? FAR_ADDRESS : NEAR_ADDRESS
  const up = `ip address add ${address} peer ${other} dev ${end} && ip link set ${end} up`
  await run(program, [...more, '-c', `${up} && ip route replace ${other} dev ${end} src ${address} congctl cubic`])
}

async function openRelay(port: number) {
  const sockets = new Set<Socket>()
  const server = createServer((here) => {
    const there = connect({ port, host: FAR_ADDRESS, noDelay: true })
    for (const socket of [here, there]) sockets.add(socket.on('close', () => sockets.delete(socket)))
    pipeline(here, there, here, () => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}
