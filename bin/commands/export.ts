/** `splitcart export`: what the catalogue holds, as JSON Lines or comma-separated values on stdout. */
import { once } from 'node:events'
import { write } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { EXPORT_NAMES, type ExportName, exportLines } from '@splitcart/data-management/catalogue/export-formats.ts'
import { chunksOf, type Write, writeBuffered } from '@splitcart/data-management/database/read-ahead.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { databaseServer, type Settings } from '@splitcart/shared/settings.ts'
import { Argument, type Command } from 'commander'
import { addSettingOptions, dateArgument, loadSettings, run, UsageError } from '../command-line.ts'
import { openDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { safeToPrint } from '../format.ts'

type Options = { csv?: boolean; on?: string }

const WRITE_CHARACTERS = 64 * 1024
const STDOUT = 1
const writeTo = promisify(write)

/** Adds the command. */
export function addExport(program: Command): void {
  const command = program
    .command('export')
    .description('print what the catalogue holds')
    .addArgument(new Argument('<what>', 'what to print').choices(EXPORT_NAMES))
    .option('--csv', 'print comma-separated values instead of JSON Lines')
    .option('--on <date>', 'with prices: what was on the shelves on this date', dateArgument)
    .action((what: ExportName, options: Options) => run({}, () => runExport(what, options)))
  addSettingOptions(command, ['DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL'])
}

async function runExport(what: ExportName, options: Options): Promise<number> {
  if (options.on !== undefined && what !== 'prices') throw new UsageError('--on: only prices are those of a date')
  const settings = loadSettings(options, 'data-management')
  await using machine = await openDataManagement(settings)
  const { database } = machine.catalogue
  const lines = exportLines(database, { what, format: options.csv ? 'csv' : 'jsonl', on: options.on })
  if (process.stdout.isTTY) await printToTerminal(lines)
  else await printBuffered(lines, bufferPath(settings, machine.folders.data)).catch(ignoreClosedPipe)
  return EXIT.done
}

/** Path of the temporary file: next to the databases; with PostgreSQL in tmpdir, as there may be no data folder. */
function bufferPath(settings: Settings, data: string): string {
  return join(databaseServer(settings) === undefined ? data : tmpdir(), `.splitcart-export-${process.pid}.part`)
}

/** Prints to standard output. `path`: a temporary file that buffers what the reader has not read yet. */
function printBuffered(lines: AsyncIterable<string>, path: string): Promise<void> {
  const out: Write = async (bytes, offset) =>
    (await writeTo(STDOUT, bytes, offset, bytes.length - offset, null)).bytesWritten
  return writeBuffered(realDisk(), path, chunksOf(lines), out)
}

/** Ignores EPIPE: a reader that closes the pipe has read enough. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

async function printToTerminal(lines: AsyncIterable<string>): Promise<void> {
  let text = ''
  for await (const line of lines) {
    // Escaped for a terminal only; programs get the unchanged content.
    text += `${safeToPrint(line.replace(/\r?\n$/, ''))}\n`
    if (text.length < WRITE_CHARACTERS) continue
    if (!process.stdout.write(text)) await once(process.stdout, 'drain')
    text = ''
  }
  process.stdout.write(text)
}
