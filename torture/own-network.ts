/**
 * A network that is there for one process and what it starts, and gone with it. Each machine in it has an address of its own at the end
 * of a line of its own, and the line can be cut: what is sent is lost then, and nobody is told, as with a cable that is pulled.
 *
 *   this process (10.77.0.1) ── bridge ─┬─ line ── machine 0 (10.77.0.10)
 *                                       ├─ line ── machine 1 (10.77.0.11)
 *                                       └─ …
 *
 * Addresses on one loopback would not do: what a machine sends from there to another one bears no address of its own.
 */
import { execFile, execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder } from '../test/folders.ts'
import { inOwnMounts, mountsMissing, OWN_MOUNTS } from './own-mounts.ts'

const run = promisify(execFile)

const MARK = 'SPLITCART_OWN_NETWORK'
const OWN_NETWORK = ['--net']
const NET = '10.77.0'
const FIRST_HOST = 10
const BRIDGE = 'bridge0'
const INTERFACE = 'line0'
const NOTHING_PASSES = `table inet cut {
  chain arriving { type filter hook prerouting priority raw; policy drop; }
  chain leaving { type filter hook postrouting priority raw; policy drop; }
}`

/** A machine in the network. A program runs there when the words of `command` stand before it. */
export type Line = Readonly<{
  address: string
  command: readonly string[]
  cut: () => Promise<void>
  mend: () => Promise<void>
}>

/** Which program is missing here; false when none is. */
export function networkProgramsMissing(): string | false {
  for (const [program, option, origin] of [
    ['ip', '-V', 'iproute2'],
    ['nft', '-v', 'nftables'],
  ] as const)
    try {
      execFileSync(program, [option], { stdio: 'ignore' })
    } catch {
      return `${program} is missing (in the package ${origin} of Debian)`
    }
  return false
}

/** Why there can be no network of our own here; false when there can. */
export function networkMissing(): string | false {
  const missing = mountsMissing() || networkProgramsMissing()
  if (missing !== false) return missing
  const tries = `ip link add ${BRIDGE} type bridge && ip link add ${INTERFACE} type veth && nft add table inet cut`
  try {
    execFileSync('unshare', [...OWN_MOUNTS, ...OWN_NETWORK, 'sh', '-c', tries], { stdio: 'ignore' })
    return false
  } catch {
    return 'this machine lets nobody make networks'
  }
}

/** Whether this process was started by `inOwnNetwork`. */
export function hasOwnNetwork(): boolean {
  return process.env[MARK] === 'yes'
}

/** Runs a script of this project in a network, mounts and processes of its own, and returns its exit code. */
export function inOwnNetwork(script: string, args: readonly string[]): Promise<number> {
  return inOwnMounts(script, args, OWN_NETWORK, { [MARK]: 'yes' })
}

/** The machines of a network, all of them with their lines whole. */
export type Network = AsyncDisposable & Readonly<{ lines: readonly Line[] }>

/** Lays so many lines in the network of this process. One network at a time. */
export async function openNetwork(count: number): Promise<Network> {
  const at = await temporaryFolder()
  await run('ip', ['link', 'set', 'lo', 'up'])
  await run('ip', ['link', 'add', BRIDGE, 'type', 'bridge'])
  await run('ip', ['address', 'add', `${NET}.1/24`, 'dev', BRIDGE])
  await run('ip', ['link', 'set', BRIDGE, 'up'])
  const lines: Line[] = []
  const spaces: string[] = []
  for (let index = 0; index < count; index++) {
    spaces.push(join(at.path, `machine-${index}`))
    lines.push(await layLine(index, spaces[index]!))
  }
  return {
    lines,
    [Symbol.asyncDispose]: async () => {
      for (const space of spaces) await run('umount', [space])
      await run('ip', ['link', 'delete', BRIDGE])
      await at[Symbol.asyncDispose]()
    },
  }
}

/** A machine is what the kernel calls a network namespace; it lives as long as it is mounted on a file. */
async function layLine(index: number, space: string): Promise<Line> {
  const address = `${NET}.${FIRST_HOST + index}`
  const command = ['nsenter', `--net=${space}`]
  const inside = (...words: string[]) => run(command[0]!, [...command.slice(1), ...words])
  const here = `machine${index}`
  await writeFile(space, '')
  await run('unshare', [`--net=${space}`, 'true'])
  await run('ip', ['link', 'add', here, 'type', 'veth', 'peer', 'name', INTERFACE, 'netns', space])
  await run('ip', ['link', 'set', here, 'master', BRIDGE, 'up'])
  await inside('ip', 'link', 'set', 'lo', 'up')
  await inside('ip', 'address', 'add', `${address}/24`, 'dev', INTERFACE)
  await inside('ip', 'link', 'set', INTERFACE, 'up')
  return {
    address,
    command,
    cut: async () => void (await inside('nft', NOTHING_PASSES)),
    mend: async () => void (await inside('nft', 'delete table inet cut')),
  }
}
