/**
 * `node bin/node.js check/try-dockerfile.ts`: does what Dockerfile says, without a container: copies what it copies, runs what it runs, starts
 * what it starts as a user without rights, and asks its health check. For machines that have no container engine.
 *
 * What would lie at / in the image lies in a temporary folder. Its user is `nobody`, its node the one that runs this.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Instruction, type Stage, stagesOf } from './dockerfile.ts'

const ROOT = join(import.meta.dirname, '..')
const IMAGE_PATHS = /(^|[\s="'])(\/(?:app|var\/lib\/splitcart))\b/g
const PORT = '18462'
const STOP_MS_MAX = 15_000
const HEALTHY_TRIES_MAX = 40

/** What a stage has come to: its folder for /, where it works, its environment, and how it is started. */
type Image = { root: string; cwd: string; env: Record<string, string>; said: Record<string, string> }

function build(stages: readonly Stage[], folder: string): Image {
  const roots = new Map<string, string>()
  let image: Image | undefined
  for (const [index, stage] of stages.entries()) {
    image = { root: join(folder, `stage-${index}`), cwd: '/', env: {}, said: {} }
    mkdirSync(image.root)
    const name = / AS (\w+)$/.exec(stage[0]?.rest ?? '')?.[1]
    if (name !== undefined) roots.set(name, image.root)
    for (const instruction of stage) follow(image, instruction, roots)
  }
  if (image === undefined) throw new Error('Dockerfile has no stage.')
  return image
}

function follow(image: Image, { name, rest }: Instruction, roots: ReadonlyMap<string, string>): void {
  print(`${name} ${rest}`)
  if (name === 'WORKDIR') image.cwd = rest
  if (name === 'WORKDIR') mkdirSync(image.root + rest, { recursive: true })
  if (name === 'ENV') for (const word of rest.split(' ')) image.env[word.split('=')[0]!] = word.split('=')[1]!
  if (name === 'COPY') copy(image, rest, roots)
  if (name === 'RUN') run(image, rest)
  image.said[name] = rest
}

function copy({ root, cwd }: Image, rest: string, roots: ReadonlyMap<string, string>): void {
  const words = rest.split(' ')
  const from = /^--from=(\w+)$/.exec(words[0] ?? '')?.[1]
  if (from !== undefined) words.shift()
  const target = words.pop() ?? ''
  const to = target.startsWith('/') ? root + target : join(root, cwd, target)
  for (const source of words) {
    const isInto = target.endsWith('/') && !existsSync(join(ROOT, source, 'x'))
    const path = from === undefined ? join(ROOT, source) : (roots.get(from) ?? '') + source
    const filter = (each: string) =>
      from !== undefined || !/(^|\/)(node_modules|\.env)(\/|$)/.test(each.slice(ROOT.length))
    cpSync(path, isInto ? join(to, basename(source)) : to, { recursive: true, verbatimSymlinks: true, filter })
  }
}

function run({ root, cwd, env }: Image, command: string): void {
  mkdirSync(dirname(`${root}/var/lib/x`), { recursive: true })
  const here = command
    .replace(IMAGE_PATHS, `$1${root}$2`)
    .replace(/-([og]) node\b/g, (_, who) => `-${who} ${nobody(who)}`)
  const path = `${dirname(process.execPath)}:${process.env.PATH}`
  const { status } = spawnSync('/bin/sh', ['-ec', here], {
    cwd: join(root, cwd),
    env: { ...process.env, ...env, PATH: path },
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error(`RUN ${command} ended with ${status}.`)
}

function nobody(which: string): string {
  return spawnSync('id', [which === 'o' ? '-u' : '-g', 'nobody'], { encoding: 'utf8' }).stdout.trim()
}

/** Starts the image as `nobody`, with nothing of this environment. */
function start({ root, env, said, cwd }: Image): ChildProcess {
  const [program = '', ...args] = JSON.parse(said.ENTRYPOINT ?? '[]') as string[]
  const words = [program, ...args, ...JSON.parse(said.CMD ?? '[]')].map((word: string) => inside(word, root))
  const mine = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, inside(value, root)]))
  const rights = [
    '--reuid',
    nobody('o'),
    '--regid',
    nobody('g'),
    '--clear-groups',
    '--no-new-privs',
    '--bounding-set=-all',
  ]
  return spawn('setpriv', [...rights, '--', process.execPath, ...words.slice(1)], {
    cwd: root + cwd,
    env: { ...mine, PORT },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}

function inside(text: string, root: string): string {
  return text.replace(IMAGE_PATHS, `$1${root}$2`)
}

async function isHealthy({ said }: Image): Promise<boolean> {
  const [, command = ''] = / CMD (\[.*\])$/.exec(` ${said.HEALTHCHECK}`) ?? []
  const [, ...args] = JSON.parse(command.replaceAll(':8000', `:${PORT}`)) as string[]
  for (let tries = 0; tries < HEALTHY_TRIES_MAX; tries++) {
    if (spawnSync(process.execPath, args).status === 0) return true
    await sleep(500)
  }
  return false
}

async function end(server: ChildProcess): Promise<number | null> {
  const ended = once(server, 'exit')
  server.kill('SIGTERM')
  const [code] = await Promise.race([ended, sleep(STOP_MS_MAX, [null], { ref: false })])
  if (code === null) server.kill('SIGKILL')
  return code
}

function print(line: string): void {
  process.stdout.write(`+ ${line}\n`)
}

async function main(): Promise<number> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    print('not tried: this needs Linux and root, to become a user without rights')
    return 0
  }
  const folder = mkdtempSync(join(tmpdir(), 'splitcart-image-'))
  chmodSync(folder, 0o755)
  try {
    const image = build(stagesOf(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')), folder)
    const server = start(image)
    const healthy = await isHealthy(image)
    const code = await end(server)
    print(`healthy: ${healthy}; asked to stop, it ended with ${code}`)
    return healthy && code === 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

process.exitCode = await main()
