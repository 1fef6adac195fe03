/** A real `serve` in a process with little memory, bombs thrown at it, and honest files sent to it meanwhile. */
import { readdirSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { BOMB_LIMITS, type Bomb } from './bombs.ts'
import { listening, openMachines, PROGRAM, type Server, startProgram, withoutSettings } from './machines.ts'
import { type MemoryGroup, memoryGroup, peakBytesOf } from './memory-group.ts'

export const MEMORY_BYTES_MAX = 256 * 1024 * 1024

const CHUNK_BYTES = 64 * 1024
const CHUNK_MS = 10
const BOMBS_AT_ONCE = 4
const TRIES_MAX = 5

/** What came of it: every fault, and the most memory that the process had. */
export type Bombed = Readonly<{ faults: readonly string[]; memoryBytesMax: number; isLimited: boolean; honest: number }>

/** Throws bombs, some at once, sends honest files all the while, and looks at what is left in memory and on the disk. */
export async function throwBombs(bombs: readonly Bomb[]): Promise<Bombed> {
  await using machines = await openMachines()
  const key = await machines.key('upload')
  using group = memoryGroup(MEMORY_BYTES_MAX)
  const env = { ...withoutSettings(), DATA_MANAGEMENT_DATA_DIR: machines.dataManagement, ...BOMB_LIMITS }
  const server = await serveIn(group, machines.path, env)
  try {
    const faults: string[] = []
    const rest = [...bombs]
    const lane = async () => {
      for (let one = rest.pop(); one !== undefined; one = rest.pop()) faults.push(...(await faultsOf(server, key, one)))
    }
    let isOver = false
    const honest = sendHonest(server, key, () => isOver)
    await Promise.all(Array.from({ length: BOMBS_AT_ONCE }, lane))
    isOver = true
    const names = await honest
    const taken = bombs.filter(({ answer: [status] }) => status < 300).length > 0 ? ['bomb.jsonl'] : []
    faults.push(...faultsOnDisk(join(machines.dataManagement, 'product_inbox'), [...taken, ...names]))
    const memoryBytesMax = peakBytesOf(server.child.pid!)
    if (memoryBytesMax > MEMORY_BYTES_MAX) faults.push(`the server took ${memoryBytesMax} bytes of memory`)
    return { faults, memoryBytesMax, isLimited: group.isLimited, honest: names.length }
  } finally {
    server.child.kill('SIGKILL')
    await server.ended
  }
}

function serveIn(group: MemoryGroup, cwd: string, env: NodeJS.ProcessEnv): Promise<Server> {
  const [program, args] = group.entering([process.execPath, PROGRAM, 'serve', '--port', '0', '--no-update-db'])
  return listening(startProgram(args, cwd, env, program))
}

/** Sends a bomb and says how its answer differs from the one it should get. */
async function faultsOf(server: Server, key: string, { name, headers, body, answer }: Bomb): Promise<string[]> {
  const [status, code] = answer
  const start = performance.now()
  try {
    const got = await postAgain(server.url, { ...headers, 'x-api-key': key }, body)
    // What was taken before is known.
    const said = `${got.status === 200 ? 201 : got.status} ${got.code ?? ''}`.trim()
    const expected = `${status} ${code ?? ''}`.trim()
    return said === expected ? [] : [`${name}: answered ${said} instead of ${expected}`]
  } catch (error) {
    const ended = server.child.exitCode ?? server.child.signalCode
    const state = ended === null ? 'still runs' : `ended with ${ended}`
    return [`${name}: ${error} after ${Math.round(performance.now() - start)} ms; the server ${state}`]
  }
}

/** Sends different honest files, one after the other, until it is over and at least two have arrived; returns their names. */
async function sendHonest(server: Server, key: string, isOver: () => boolean): Promise<string[]> {
  const names: string[] = []
  while (!isOver() || names.length < 2) {
    const stem = `honest-${names.length}`
    const row = (index: number) => `{"product": {"sku": "${stem}-${index}", "name": "${Math.sqrt(index)}"}}\n`
    const body = gzipSync(Array.from({ length: 20_000 }, (_, index) => row(index)).join(''))
    const headers = {
      'content-type': 'application/gzip',
      'content-disposition': `attachment; filename="${stem}.jsonl.gz"`,
      'x-api-key': key,
    }
    const { status } = await postAgain(server.url, headers, body)
    if (status !== 201) throw new Error(`an honest upload was answered ${status}`)
    names.push(`${stem}.jsonl`)
    await sleep(50)
  }
  return names
}

function faultsOnDisk(inbox: string, expected: readonly string[]): string[] {
  const left = readdirSync(inbox, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => name)
  const unexpected = left.filter((name) => !expected.includes(name) && !name.startsWith('.'))
  const missing = expected.filter((name) => !left.includes(name))
  return [...unexpected.map((name) => `${name} was left on the disk`), ...missing.map((name) => `${name} is missing`)]
}

type Answer = Readonly<{ status: number; code?: string }>

/** Posts a body until it gets an answer: a refusal may be lost when the connection ends while the body is still on its way. */
async function postAgain(...sent: Parameters<typeof post>): Promise<Answer> {
  for (let tries = 1; ; tries++)
    try {
      return await post(...sent)
    } catch (error) {
      const isCut = error instanceof Error && /EPIPE|ECONNRESET|hang up/.test(error.message)
      if (!isCut || tries === TRIES_MAX) throw error
    }
}

/** Posts a body in chunks and stops where the answer comes, as a patient sender does. */
async function post(url: string, headers: Record<string, string>, body: Buffer): Promise<Answer> {
  const sending = request(`${url}/api/upload/`, {
    method: 'POST',
    headers: { ...headers, 'content-length': body.length },
    agent: false,
  })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sending.on('response', resolve).on('error', reject)
  })
  let isAnswered = false
  answered.then(
    () => (isAnswered = true),
    () => (isAnswered = true),
  )
  for (let from = 0; from < body.length && !isAnswered; from += CHUNK_BYTES) {
    const isTaken = sending.write(body.subarray(from, from + CHUNK_BYTES))
    const goOn = isTaken ? sleep(CHUNK_MS) : new Promise((resolve) => sending.once('drain', resolve))
    await Promise.race([answered, goOn])
  }
  sending.end()
  const answer = await answered
  let text = ''
  for await (const chunk of answer) text += chunk
  sending.destroy()
  const { code } = JSON.parse(text)
  return { status: answer.statusCode!, ...(code === undefined ? {} : { code }) }
}
