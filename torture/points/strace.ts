/**
 * Runs one of our programs under strace, which lists its system calls, ends it at one of them or makes one fail.
 *
 * One thread for libuv's pool, so that the calls come in one order; strace counts for each thread and each call on its own.
 */
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { codeOf } from '@splitcart/shared/disk.ts'
import { PROGRAM, type Started, startProgram, withoutSettings } from '../../test/machines.ts'
import { childrenOf } from '../../test/processes.ts'

/** The calls that change what is on the disk, and `openat`. */
export const CALLS = [
  ...['openat', 'write', 'pwrite64', 'fsync', 'fdatasync', 'ftruncate', 'fallocate'],
  ...['rename', 'renameat2', 'link', 'linkat', 'unlink', 'unlinkat', 'mkdir', 'mkdirat'],
] as const

/** A call as strace shows it. `paths`: the files it names, or the one its descriptor stands for. */
export type Call = Readonly<{ thread: string; name: string; paths: readonly string[]; creates: boolean; text: string }>

/** What is done to the `at`-th call of a name that touches one of `paths` (any call, where there are none). */
export type Blow = Readonly<{ call: string; at: number; paths: readonly string[]; effect: string }>

// A run takes a second or two.
const END_MS_MAX = 90_000

/** What to run, and where strace writes. */
export type Tracing = Readonly<{
  args: readonly string[]
  cwd: string
  environment: Readonly<Record<string, string>>
  log: string
  blow?: Blow | undefined
}>

/** Why nothing can be traced here; false when it can. */
export const STRACE_MISSING: string | false = whyNot()

/** Starts a program of this project under strace: its command line, or a script whose path is the first argument. */
export function startTraced({ args, cwd, environment, log, blow }: Tracing): Started {
  const program = args[0]?.endsWith('.ts') ? args : [PROGRAM, ...args]
  const env = { ...withoutSettings(), ...environment, UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' }
  // With an fsync also what becomes of its descriptor.
  const trace = blow === undefined ? CALLS : blow.call === 'fsync' ? ['fsync', 'close'] : [blow.call]
  const options = ['-f', '-qq', '-y', '-s', '0', '-o', log, '-e', `trace=${trace}`, '-e', 'signal=none']
  // Stops at these calls only, which halves what tracing costs; a signal does not come with it.
  if (!isSignal(blow)) options.push('--seccomp-bpf')
  if (blow !== undefined) options.push(...blowOptions(blow))
  const started = startProgram([...options, process.execPath, ...program], cwd, env, 'strace')
  const late = setTimeout(() => endNow(started), END_MS_MAX)
  void started.ended.then(() => clearTimeout(late))
  return started
}

/** What does not end by itself counts as killed. */
function endNow(started: Started): void {
  signal(started, 'SIGKILL')
}

function signal({ child }: Started, name: NodeJS.Signals): void {
  for (const pid of childrenOf(child.pid!))
    try {
      process.kill(pid, name)
    } catch (error) {
      // The blow has ended it meanwhile.
      if (codeOf(error) !== 'ESRCH') throw error
    }
}

function blowOptions({ call, at, paths, effect }: Blow): string[] {
  return ['-e', `inject=${call}:${effect}:when=${at}`, ...paths.flatMap((path) => ['-P', path])]
}

function isSignal(blow: Blow | undefined): boolean {
  return blow?.effect.startsWith('signal') === true
}

/** The calls that a blow has met: those that died in a call, or to which it was done. */
export function struckIn(calls: readonly Call[], { effect }: Blow): Call[] {
  if (!effect.startsWith('signal')) return calls.filter(({ text }) => text.includes('(INJECTED)'))
  const last = new Map(calls.map((call) => [call.thread, call]))
  return [...last.values()].filter(({ text }) => / = \?$/.test(text) || UNFINISHED.test(text))
}

/** Asks the traced program itself to stop: strace lets no signal through. */
export function stopTraced(started: Started): void {
  signal(started, 'SIGTERM')
}

/** The calls in a log of strace, in their order. */
export async function callsIn(log: string): Promise<Call[]> {
  const text = await readFile(log, 'utf8')
  return whole(text.split('\n')).flatMap((line) => callOf(line) ?? [])
}

const UNFINISHED = / <unfinished \.\.\.>$/

/** Lines in which each call is whole: between the halves of one there may be calls of other threads. */
function whole(lines: readonly string[]): string[] {
  const begun = new Map<string, number>()
  const joined = [...lines]
  for (const [index, line] of lines.entries()) {
    const [, thread = '', , resumed] = /^(\d+) +(<\.\.\. \w+ resumed>(.*))?/.exec(line) ?? []
    const first = begun.get(thread)
    if (resumed !== undefined && first !== undefined) joined[first] = joined[first]!.replace(UNFINISHED, resumed)
    if (UNFINISHED.test(line)) begun.set(thread, index)
  }
  return joined
}

const LINE = /^(\d+) +(\w+)\((.*)/

function callOf(line: string): Call | undefined {
  const [, thread, name, rest] = LINE.exec(line) ?? []
  if (thread === undefined || name === undefined || rest === undefined) return undefined
  const named = [...rest.matchAll(/"(\/[^"]*)"/g)].map(([, path]) => path!)
  const [, open] = /^\d+<(\/[^>]*)>/.exec(rest) ?? []
  const paths = named.length > 0 ? named : open === undefined ? [] : [open]
  return { thread, name, paths, creates: rest.includes('O_CREAT'), text: line }
}

function whyNot(): string | false {
  if (process.platform !== 'linux') return 'system calls are traced on Linux only'
  try {
    execFileSync('strace', ['-V'], { stdio: 'ignore' })
  } catch {
    return 'strace is missing (a package of Debian)'
  }
  try {
    execFileSync('strace', ['-qq', '-o', '/dev/null', 'true'], { stdio: 'ignore' })
    return false
  } catch {
    return 'strace may not trace here'
  }
}
