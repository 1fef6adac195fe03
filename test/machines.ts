/** Both machines in a temporary folder, worked through the command line as people do: every command is a process of its own. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { foldersIn, makeFolders } from '@splitcart/data-management/folders.ts'
import { codeOf, realDisk } from '@splitcart/shared/disk.ts'
import { originalNameIn } from '@splitcart/shared/packed/kept-file.ts'
import { SETTINGS } from '@splitcart/shared/settings.ts'
import { temporaryFolder } from './folders.ts'
import { processesWith } from './processes.ts'

/** The program that is tested: as it is packed where the tests were started by test/run.ts, otherwise its sources. */
export const PROGRAM = process.env.PROGRAM_OF_TESTS ?? fileURLToPath(new URL('../bin/splitcart.js', import.meta.url))
// A machine may be busy with much else.
const LISTENS_MS_MAX = 90_000

type Environment = Readonly<Record<string, string>>

/** How a command ended and what it printed. */
export type Ended = Readonly<{ code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }>

/** A command that was started. */
export type Started = Readonly<{ child: ChildProcess; printed: () => string; ended: Promise<Ended> }>

export type Server = Started & Readonly<{ url: string }>

export type Machines = AsyncDisposable &
  Readonly<{
    path: string
    scraping: string
    dataManagement: string
    /** Starts a command, of another version of the program where one is named. */
    start: (args: readonly string[], environment?: Environment, program?: string) => Started
    /** Runs a command to its end. Whatever the test is about: it prints no value that is not there. */
    run: (args: readonly string[], environment?: Environment) => Promise<Ended>
    /** Starts `splitcart serve` and waits until it listens. */
    serve: (args?: readonly string[], environment?: Environment) => Promise<Server>
    /** Makes the data folder of a server that has not been started yet. */
    makeServerData: () => Promise<void>
    /** Makes a key and returns it, also before the server was started. */
    key: (scope?: string) => Promise<string>
    /** Runs `upload-data` against a server. */
    upload: (server: Pick<Server, 'url'>, key: string, ...args: string[]) => Promise<Ended>
    /** The files in a folder below the temporary one, without those whose names start with a dot. */
    names: (...folder: string[]) => Promise<string[]>
    /** The files that the server has loaded, by the names with which they came. */
    processed: () => Promise<string[]>
    /** Waits until these are the files that the server has loaded: it says so of each a moment before it moves it out of the inbox. */
    untilProcessed: (names: readonly string[]) => Promise<void>
  }>

/** Opens two machines that have done nothing yet. What was started and still runs is killed at the end. */
export async function openMachines(): Promise<Machines> {
  const at = await temporaryFolder()
  const scraping = join(at.path, 'scraping')
  const dataManagement = join(at.path, 'data_management')
  const folders = { SCRAPING_DATA_DIR: scraping, DATA_MANAGEMENT_DATA_DIR: dataManagement }
  // Tests write whole files straight into the outbox; those that are about resting say so.
  // And no shop is asked for a picture.
  const own = { ...withoutSettings(), ...folders, OUTBOX_REST_SECONDS: '0', PICTURES: 'off' }
  const running = new Set<Started>()
  const start: Machines['start'] = (args, environment = {}, program = PROGRAM) => {
    const command = startProgram([program, ...args], at.path, { ...own, ...environment })
    running.add(command)
    void command.ended.then(() => running.delete(command))
    return command
  }
  const makeServerData = () => makeFolders(realDisk(), foldersIn(dataManagement))
  const run: Machines['run'] = async (args, environment) => withoutGaps(args, await start(args, environment).ended)
  return {
    path: at.path,
    scraping,
    dataManagement,
    start,
    run,
    serve: (args = [], environment) => listening(start(['serve', '--port', '0', ...args], environment)),
    makeServerData,
    key: async (scope = 'upload') => {
      await makeServerData()
      return (await run(['keys', 'create', 'a test', '--scope', scope])).stdout.trim()
    },
    upload: ({ url }, key, ...args) => run(['upload-data', ...args], { API_SERVER_URL: url, API_SECRET_KEY: key }),
    names: (...folder) => visible(join(at.path, ...folder)),
    processed: () => processedIn(dataManagement),
    untilProcessed: (names) => until(() => isProcessed(dataManagement, names), `${names} are processed`),
    [Symbol.asyncDispose]: async () => {
      for (const { child, ended } of running) {
        child.kill('SIGKILL')
        await ended
      }
      // The loader of a server that is gone ends by itself, but not at once; the folder goes when it has.
      for (const { pid } of processesWith(at.path)) end(pid)
      await until(() => processesWith(at.path).length === 0, 'all have ended')
      await at[Symbol.asyncDispose]()
    },
  }
}

function withoutGaps(args: readonly string[], ended: Ended): Ended {
  assert.doesNotMatch(ended.stdout + ended.stderr, /\bundefined\b|\[object \w+\]/, args.join(' '))
  return ended
}

/** Starts a program of this project with a node, the one that runs now where none is named. */
export function startProgram(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  node: string = process.execPath,
): Started {
  const child = spawn(node, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }))
  return { child, printed: () => stdout + stderr, ended }
}

/** The environment of this process with every setting at its default. */
export function withoutSettings(): NodeJS.ProcessEnv {
  return { ...process.env, ...Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, ''])) }
}

/** Waits until a server listens, and says where. */
export async function listening(started: Started): Promise<Server> {
  const address = () => /^Listening on (\S+)/m.exec(started.printed())?.[1]
  await until(() => address() !== undefined || started.child.exitCode !== null, 'the server listens', LISTENS_MS_MAX)
  const url = address()
  if (url === undefined) throw new Error(`The server ended: ${started.printed()}`)
  return { ...started, url }
}

/** Waits until something is so, or throws. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string, msMax = 90_000): Promise<void> {
  for (const end = performance.now() + msMax; !(await isSo()); await sleep(10))
    if (performance.now() > end) throw new Error(`It took too long until ${what}.`)
}

async function processedIn(dataManagement: string): Promise<string[]> {
  const names = await visible(join(dataManagement, 'product_processed'))
  // While one is packed it lies there twice.
  return [...new Set(names.flatMap((name) => originalNameIn(name) ?? []))]
}

async function isProcessed(dataManagement: string, names: readonly string[]): Promise<boolean> {
  const found = [await processedIn(dataManagement), await visible(join(dataManagement, 'product_inbox'))]
  return isDeepStrictEqual(found, [names.toSorted(), []])
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It has ended meanwhile.
    if (codeOf(error) !== 'ESRCH') throw error
  }
}

async function visible(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => !name.startsWith('.')).sort()
}

/** The lines of a command that prints JSON Lines. */
export function recordsIn<T = Record<string, unknown>>({ stdout }: Pick<Ended, 'stdout'>): T[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}
