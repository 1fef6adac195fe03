/** `splitcart scrape`: writes the output of any program to a file in the outbox, if that program succeeds. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import { untilMarker } from '@splitcart/scraping/intake/end-marker.ts'
import { readMapping } from '@splitcart/scraping/intake/mapping.ts'
import { FORMATS, type Format } from '@splitcart/scraping/intake/records.ts'
import { scrape } from '@splitcart/scraping/intake/scrape.ts'
import type { Committed } from '@splitcart/scraping/jsonl-writer.ts'
import { localDate } from '@splitcart/shared/date.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { type Command, Option } from 'commander'
import {
  addOutputOptions,
  addSettingOptions,
  dateArgument,
  loadSettings,
  pathArgument,
  run,
  UsageError,
  wholeNumberArgument,
} from '../command-line.ts'
import { EXIT } from '../exit-codes.ts'
import { count } from '../format.ts'
import { stopSignal, type Terminal } from '../terminal.ts'

type Options = {
  company?: string
  store?: string
  storeName?: string
  date?: string
  map?: string
  format?: Format
  delimiter?: string
  rowsMin?: number
  endMarker?: string
  json?: boolean
  quiet?: boolean
}

/** Adds the command. */
export function addScrape(program: Command): void {
  const command = program
    .command('scrape')
    .description('put the rows that a program prints into the outbox, as one file, once it has got through')
    .argument('[command...]', 'behind --: the program and its arguments; without, rows come from standard input')
    .option('--company <code>', 'the company, where rows do not say it')
    .option('--store <id>', 'the store, where rows do not say it')
    .option('--store-name <name>', 'what the store is called, where rows do not say it')
    .option('--date <date>', 'the day of the scrape, where rows do not say it (today)', dateArgument)
    .option('--map <file>', 'how records become rows (docs/adapters.md)', pathArgument)
    .addOption(
      new Option('--format <format>', 'how the input is written, where its first bytes do not tell').choices(FORMATS),
    )
    .option('--delimiter <character>', 'what parts the columns of CSV: a comma, semicolon or tab is found out')
    .option('--rows-min <number>', 'with fewer rows the scrape is not complete', wholeNumberArgument)
    .option('--end-marker <text>', 'the last line with which the program says that it got through')
    .action((producer: string[], options: Options) =>
      run(options, (terminal) => runScrape(producer, options, terminal)),
    )
  addOutputOptions(addSettingOptions(command, ['SCRAPING_DATA_DIR']))
}

async function runScrape(producer: readonly string[], options: Options, terminal: Terminal): Promise<number> {
  const { SCRAPING_DATA_DIR: dataDir } = loadSettings(options, 'scraping')
  const { company, store, storeName, date = localDate(), map, format, delimiter, endMarker, rowsMin = 1 } = options
  const mapping = map === undefined ? undefined : readMapping(await readFile(map, 'utf8'), map)
  const signal = stopSignal()
  const source = producer.length > 0 ? startProducer(producer, signal) : standardInput(options, terminal)
  const chunks = endMarker === undefined ? source.chunks : untilMarker(source.chunks, endMarker)
  const input = { chunks, ...(format !== undefined && { format }), ...(delimiter !== undefined && { delimiter }) }
  const named = { ...(company !== undefined && { company }), ...(store !== undefined && { store }) }
  const ofAll = { ...named, ...(storeName !== undefined && { storeName }), date }
  const { succeeded } = source
  try {
    const wanted = { input, defaults: ofAll, rowsMin, succeeded, signal, ...(mapping !== undefined && { mapping }) }
    return printCommitted(await scrape(dataDir, wanted), terminal)
  } finally {
    source.end()
  }
}

/** A source of rows; `succeeded` throws if the producer failed. */
type RowSource = Readonly<{ chunks: AsyncIterable<Buffer>; succeeded: () => Promise<void>; end: () => void }>

function startProducer([program = '', ...args]: readonly string[], signal: AbortSignal): RowSource {
  const child: ChildProcess = spawn(program, args, { stdio: ['inherit', 'pipe', 'inherit'], windowsHide: true })
  // Registered at once, before the child can end.
  const ended = once(child, 'close').catch((cause: Error) => cause)
  const end = () => void (child.exitCode === null && child.kill())
  signal.addEventListener('abort', end)
  const succeeded = async () => {
    const how = await ended
    if (how instanceof Error) throw new Problem('scrape_incomplete', `${program} cannot be started: ${how.message}`)
    const [code, by] = how
    if (code !== 0) throw new Problem('scrape_incomplete', `${program} ended with ${by ?? code}`)
  }
  // Piped at once: Node discards the unread output of a child that has ended.
  return { chunks: child.stdout!.pipe(new PassThrough()), succeeded, end }
}

function standardInput({ rowsMin, endMarker, quiet }: Options, terminal: Terminal): RowSource {
  if (process.stdin.isTTY) throw new UsageError('no rows come: pipe them in, or name their program behind --')
  if (rowsMin === undefined && endMarker === undefined && quiet !== true)
    terminal.note(
      'note: a pipe does not tell whether the program before it failed; --rows-min, --end-marker or -- PROGRAM do.',
    )
  return { chunks: process.stdin, succeeded: async () => {}, end: () => process.stdin.destroy() }
}

function printCommitted({ name, path, rows, duplicates, rejectable, findings }: Committed, terminal: Terminal): number {
  terminal.summarize(
    `${name}: ${count(rows, 'row')} in the outbox${duplicates > 0 ? `, ${count(duplicates, 'duplicate')} left out` : ''}.`,
  )
  for (const { line, reason, field } of rejectable.first)
    terminal.note(`row ${line} will be rejected: ${field === null ? '' : `${field}: `}${reason}`)
  if (rejectable.rows > rejectable.first.length) terminal.note(`and ${rejectable.rows - rejectable.first.length} more.`)
  for (const { sentence } of findings) terminal.note(sentence)
  terminal.record({ type: 'summary', name, path, rows, duplicates, rejectable: rejectable.rows })
  return rejectable.rows > 0 ? EXIT.partly : EXIT.done
}
