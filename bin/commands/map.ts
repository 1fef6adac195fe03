/** `splitcart map --try FILE`: what a mapping makes of the first records, before anything is put into the outbox. */

import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { readMapping, rowOf } from '@splitcart/scraping/intake/mapping.ts'
import { FORMATS, type Format, recordsOf } from '@splitcart/scraping/intake/records.ts'
import { localDate } from '@splitcart/shared/date.ts'
import { isRejection, readRow } from '@splitcart/shared/row.ts'
import { type Command, Option } from 'commander'
import { addOutputOptions, pathArgument, run } from '../command-line.ts'
import { EXIT } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'

type Options = {
  try: string
  format?: Format
  company?: string
  store?: string
  json?: boolean
  quiet?: boolean
}

const ROWS_SHOWN = 3

/** Adds the command. */
export function addMap(program: Command): void {
  const command = program
    .command('map')
    .description('show what a mapping makes of three records, and what the server will say of them')
    .argument('[file]', 'records, as "scrape" takes them; without, they come from standard input', pathArgument)
    .requiredOption('--try <mapping>', 'the mapping (docs/adapters.md)', pathArgument)
    .option('--company <code>', 'the company, where rows do not say it')
    .option('--store <id>', 'the store, where rows do not say it')
    .addOption(new Option('--format <format>', 'how the records are written').choices(FORMATS))
    .action((file: string | undefined, options: Options) => run(options, (terminal) => runMap(file, options, terminal)))
  addOutputOptions(command)
}

async function runMap(file: string | undefined, options: Options, terminal: Terminal): Promise<number> {
  const mapping = readMapping(await readFile(options.try, 'utf8'), options.try)
  const chunks = file === undefined ? process.stdin : createReadStream(file)
  const { company, store, format } = options
  const ofAll = { date: localDate(), ...(company !== undefined && { company }), ...(store !== undefined && { store }) }
  let [rows, rejected] = [0, 0]
  for await (const record of recordsOf({ chunks, ...(format !== undefined && { format }) })) {
    const row = rowOf(record, mapping, ofAll)
    const read = readRow(Buffer.from(JSON.stringify(row)))
    const fault = isRejection(read) ? `${read.field === null ? '' : `${read.field}: `}${read.reason}` : null
    if (fault !== null) rejected++
    for (const line of JSON.stringify(row, null, 2).split('\n')) terminal.say(line)
    terminal.say(fault === null ? `${record.at}: will be loaded` : `${record.at}: will be rejected: ${fault}`)
    terminal.record({ type: 'check', at: record.at, row, fault })
    if (++rows === ROWS_SHOWN) break
  }
  // Closed, because the input may never end.
  if (file === undefined) process.stdin.destroy()
  terminal.record({ type: 'summary', rows, rejected })
  if (rows === 0) terminal.note('There is no record.')
  return rejected > 0 || rows === 0 ? EXIT.partly : EXIT.done
}
