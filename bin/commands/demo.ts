/** `splitcart demo`: runs sender and server here, in a temporary folder, with scrapes of invented shops. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { NO_DRIFT, planOf } from '@splitcart/generator/plan.ts'
import { rowsOf, scrapesOf } from '@splitcart/generator/scrapes.ts'
import { JsonlWriter } from '@splitcart/scraping/jsonl-writer.ts'
import { SETTINGS } from '@splitcart/shared/settings.ts'
import type { Command } from 'commander'
import { run } from '../command-line.ts'
import { EXIT } from '../exit-codes.ts'
import { count } from '../format.ts'
import { ownCommand } from '../own-command.ts'
import { stopSignal, type Terminal } from '../terminal.ts'

type Options = { stay?: boolean }

const PLAN = planOf({ companies: 2, stores: 2, days: 3, products: 400, drift: NO_DRIFT })

/** Adds the command. */
export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('run both sides on this machine in a temporary folder, with invented scrapes')
    .option('--stay', 'keep the server running until Ctrl-C (always so on a terminal)')
    .action((options: Options) => run({}, (terminal) => runDemo(options, terminal)))
}

async function runDemo(options: Options, terminal: Terminal): Promise<number> {
  const signal = stopSignal()
  const folder = await mkdtemp(join(tmpdir(), 'splitcart-demo-'))
  const environment = {
    ...withoutSettings(process.env),
    SCRAPING_DATA_DIR: join(folder, 'scraping'),
    DATA_MANAGEMENT_DATA_DIR: join(folder, 'data_management'),
  }
  const stage = new DemoProcesses(folder, { ...environment, LOG_LEVEL: 'warn' })
  try {
    const title = (text: string) => {
      terminal.say('')
      terminal.say(text, { style: 'bold', length: text.length })
    }
    title('1. Shops are scraped: JsonlWriter hands whole files to product_outbox.')
    await writeScrapes(environment.SCRAPING_DATA_DIR, terminal)
    title('2. The server starts, and makes a key for the scraping machine.')
    const server = await stage.serve()
    const key = await stage.outputOf(['keys', 'create', 'demo', '--scope', 'upload,read,admin'])
    terminal.say(`splitcart serve            ${server}`)
    title('3. upload-data sends the files and waits until update-db has loaded them.')
    const code = await stage.show(['upload-data', '--wait'], { API_SERVER_URL: server, API_SECRET_KEY: key })
    title('4. What the catalogue knows now.')
    const observations = (await stage.outputOf(['export', 'observations'])).split('\n').length
    const products = (await stage.outputOf(['export', 'products'])).split('\n').length
    terminal.say(`${count(products, 'product')}, ${count(observations, 'observation')} of their prices.`)
    terminal.say('')
    terminal.say(`The page is at ${server}; sign in with the key`)
    terminal.reveal(`  ${key}`)
    terminal.say('')
    terminal.say('Or ask without it:')
    terminal.reveal(`  curl -H 'X-API-Key: ${key}' ${server}/api/uploads`)
    terminal.say('')
    if (options.stay || process.stdin.isTTY) await untilStopped(terminal, folder, signal)
    else terminal.say('All of it is removed now. To look around, run it with --stay.')
    return code
  } finally {
    await stage.stopAll()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The environment with every setting empty, i.e. default. An unset one could be set by a file, e.g. DATABASE_URL. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...environment, ...Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, ''])) }
}

async function writeScrapes(dataDir: string, terminal: Terminal): Promise<void> {
  for (const { store, day, fileName } of scrapesOf(PLAN)) {
    await using writer = await JsonlWriter.open(dataDir, { fileName })
    for (const row of rowsOf(PLAN, store, day)) await writer.write(row)
    const { name, rows } = await writer.commit()
    terminal.say(`scraped     ${name}  ${count(rows, 'row')}`)
  }
}

async function untilStopped(terminal: Terminal, folder: string, signal: AbortSignal): Promise<void> {
  terminal.say(`The files are in ${folder}. Ctrl-C ends the demo and removes them.`)
  if (!signal.aborted) await once(signal, 'abort')
}

/** Runs the programs of the demo, each in its own process as in real use. */
class DemoProcesses {
  readonly #folder: string
  readonly #environment: NodeJS.ProcessEnv
  readonly #running = new Set<ChildProcess>()

  constructor(folder: string, environment: NodeJS.ProcessEnv) {
    this.#folder = folder
    this.#environment = environment
  }

  /** Runs a command to its end and returns what it printed. */
  async outputOf(args: readonly string[]): Promise<string> {
    const child = this.#start(args, ['ignore', 'pipe', 'pipe'], {})
    let text = ''
    let faults = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk) => (text += chunk))
    child.stderr?.setEncoding('utf8').on('data', (chunk) => (faults += chunk))
    const [code] = await once(child, 'close')
    if (code !== EXIT.done) throw new Error(`splitcart ${args.join(' ')} ended with ${code}: ${faults}`)
    return text.trim()
  }

  /** Runs a command with its output shown to the user, and returns its exit code. */
  async show(args: readonly string[], extra: NodeJS.ProcessEnv): Promise<number> {
    const [code] = await once(this.#start(args, 'inherit', extra), 'close')
    return code ?? EXIT.failure
  }

  /** Starts the server on a free port and returns its address. */
  async serve(): Promise<string> {
    const child = this.#start(['serve', '--port', '0'], ['ignore', 'pipe', 'inherit'], {})
    for await (const line of createInterface({ input: child.stdout! })) {
      const address = /^Listening on (\S+)/.exec(line)?.[1]
      if (address !== undefined) return address
    }
    throw new Error('splitcart serve did not start')
  }

  /** Stops all running processes. */
  async stopAll(): Promise<void> {
    for (const child of this.#running) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  }

  #start(
    args: readonly string[],
    stdio: 'inherit' | ('ignore' | 'pipe' | 'inherit')[],
    extra: NodeJS.ProcessEnv,
  ): ChildProcess {
    const env = { ...this.#environment, ...extra }
    const [program, ...own] = ownCommand()
    const child = spawn(program, [...own, ...args], { cwd: this.#folder, stdio, env })
    this.#running.add(child)
    child.on('exit', () => this.#running.delete(child))
    return child
  }
}
