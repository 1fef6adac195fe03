/**
 * `npm run fleet`: three NATS servers, PostgreSQL, receivers behind nginx and loaders on this machine; generated scrapes go through
 * all of it, and the rates are printed. With --stay it goes on running, for whoever wants to try something.
 */
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { NO_DRIFT, planOf } from '@splitcart/generator/plan.ts'
import { cachedLineWriter, scrapesOf } from '@splitcart/generator/scrapes.ts'
import { writeChunks } from '@splitcart/generator/write.ts'
import { Misuse, readArguments, runScript, wholeNumber } from '../../test/usage.ts'
import { outboxOf } from '../chaos/shops.ts'
import { Fleet, NO_FLEET } from './fleet.ts'

const NUMBERS = { receivers: 2, loaders: 3, companies: 4, stores: 5, days: 1, products: 2_600, concurrency: 4 }
const HOW = 'npm run fleet --'
const DRAIN_SECONDS_MAX = 3_600
const MB = 1e6

type FleetOptions = typeof NUMBERS & Readonly<{ stay: boolean }>
type Sent = Readonly<{ files: number; rows: number; bytes: number }>

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2))
  if (options === undefined) {
    print(
      `${HOW} [--stay]${Object.entries(NUMBERS)
        .map(([name, number]) => ` [--${name} ${number}]`)
        .join('')}`,
    )
    return 0
  }
  if (NO_FLEET) throw new Misuse(`${NO_FLEET}.`)
  const { receivers, loaders } = options
  await using fleet = await Fleet.open({ nats: 3, receivers, loaders })
  const key = await fleet.makeKey()
  print(`3 NATS servers, PostgreSQL, ${receivers} receivers behind nginx at ${fleet.balancer.url}, ${loaders} loaders.`)
  await measure(fleet, key, options)
  if (!options.stay) return 0
  print('\nIt goes on running until Ctrl-C. Settings of a sender, and of a receiver, loader or command:')
  for (const settings of [{ API_SERVER_URL: fleet.balancer.url, API_SECRET_KEY: key }, fleet.settings])
    print(
      Object.entries(settings)
        .map(([name, value]) => `${name}='${value}'`)
        .join(' '),
    )
  await once(process, 'SIGINT')
  return 0
}

async function measure(fleet: Fleet, key: string, options: FleetOptions): Promise<void> {
  const folder = fleet.folderOf('sender')
  const sent = await writeOutbox(outboxOf(folder), options)
  const start = performance.now()
  const tell = (what: string) => {
    const seconds = (performance.now() - start) / 1000
    const rates = [sent.files, sent.rows, sent.bytes / MB].map((amount) => whole(amount / seconds))
    print(`${what} after ${seconds.toFixed(1)} s: ${rates[0]} files, ${rates[1]} rows, ${rates[2]} MB a second.`)
  }
  print(`${whole(sent.files)} files with ${whole(sent.rows)} rows, ${whole(sent.bytes / MB)} MB.`)
  const { code, stderr } = await fleet.sendOnce(folder, key, { args: ['--concurrency', String(options.concurrency)] })
  if (code !== 0) throw new Error(`upload-data ended with ${code}: ${stderr}`)
  tell('Accepted')
  const ended = await fleet.send(folder, key, DRAIN_SECONDS_MAX)
  if (ended.code !== 0) throw new Error(`upload-data ended with ${ended.code}: ${ended.stderr}${fleet.printed()}`)
  tell('Loaded')
}

async function writeOutbox(outbox: string, options: FleetOptions): Promise<Sent> {
  const { companies, stores, days, products } = options
  const plan = planOf({ companies, stores, days, products, drift: NO_DRIFT })
  await mkdir(outbox, { recursive: true })
  const write = cachedLineWriter(plan)
  const sent = { files: 0, rows: 0, bytes: 0 }
  for (const { store, day, fileName } of scrapesOf(plan)) {
    const { rows, bytes } = await writeChunks(join(outbox, fileName), write(store, day))
    sent.files++
    sent.rows += rows
    sent.bytes += bytes
  }
  return sent
}

/** What the arguments say; undefined: help. */
function optionsOf(given: string[]): FleetOptions | undefined {
  const flags = { help: { type: 'boolean' }, stay: { type: 'boolean' } } as const
  const numbers = Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, { type: 'string' } as const]))
  const { values } = readArguments({ args: given, options: { ...numbers, ...flags } })
  const { help, stay = false, ...texts } = values as Record<string, string> & { help?: true; stay?: boolean }
  if (help) return undefined
  const chosen = Object.entries(texts).map(([name, text]) => [name, wholeNumber(`--${name}`, String(text))])
  return { ...NUMBERS, ...Object.fromEntries(chosen), stay }
}

function whole(amount: number): string {
  return Math.round(amount).toLocaleString('en')
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

process.exitCode = await runScript(HOW, main)
