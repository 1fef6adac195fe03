/** `splitcart rejects`: lists and prints the rows that could not be loaded. */
import { once } from 'node:events'
import { rejectedLoads, rejectGroups, rejectsOf } from '@splitcart/data-management/catalogue/rejects.ts'
import { rejectedRows } from '@splitcart/data-management/inbox/rejected-rows.ts'
import { formatNumber } from '@splitcart/shared/number.ts'
import { Command } from 'commander'
import { addSettingOptions, loadSettings, run } from '../command-line.ts'
import { openDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { openInbox } from '../fleet.ts'
import { columns, count, safeToPrint } from '../format.ts'
import { requireUpload } from '../run-action.ts'
import type { Terminal } from '../terminal.ts'

type Options = { json?: boolean }

/** Adds the commands. */
export function addRejects(program: Command): void {
  const rejects = program.command('rejects').description('look at the rows that could not be loaded')
  const list = new Command('list')
    .description('list the uploads with rejected rows, and the reasons with their counts')
    .action((options: Options) => run(options, (terminal) => listRejects(options, terminal)))
  const show = new Command('show')
    .description('show the rejected rows of an upload: line, reason and the beginning of the row')
    .argument('<upload>', 'its id, SHA-256 or file name')
    .action((upload: string, options: Options) => run(options, (terminal) => showRejects(upload, options, terminal)))
  const exporting = new Command('export')
    .description('print the rejected rows of an upload alone, whole, ready to be mended and put into the outbox again')
    .argument('<upload>', 'its id, SHA-256 or file name')
    .action((upload: string, options: Options) => run({}, () => exportRejects(upload, options)))
  for (const command of [list, show]) command.option('--json', 'print JSON Lines')
  for (const command of [list, show, exporting])
    rejects.addCommand(addSettingOptions(command, ['DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL']))
}

async function listRejects(options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const { database } = machine.catalogue
  const loads = await rejectedLoads(database)
  for (const load of loads) {
    terminal.say(
      `${load.filename}  ${load.state}, ${formatNumber(load.rejected)} of ${count(load.rows, 'row')} rejected`,
    )
    const groups = await rejectGroups(database, load.sha256)
    const cells = groups.map((group) => [
      `  ${formatNumber(group.count)}`,
      group.reason,
      `e.g. line ${formatNumber(group.first_line)}`,
    ])
    for (const line of columns(cells, [0])) terminal.say(line)
    terminal.record({ type: 'file', ...load, groups })
  }
  if (loads.length === 0) terminal.say('No row has been rejected.')
  terminal.record({
    type: 'summary',
    uploads: loads.length,
    rejected: loads.reduce((sum, load) => sum + load.rejected, 0),
  })
  return EXIT.done
}

async function showRejects(text: string, options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const { sha256, filename } = await requireUpload(machine, text)
  let listed = 0
  for await (const { line, code, field, reason, raw } of rejectsOf(machine.catalogue.database, sha256)) {
    listed++
    const row = raw === null ? null : Buffer.from(raw).toString()
    terminal.say(`line ${formatNumber(line)}: ${reason}`)
    if (row !== null) terminal.say(`  ${safeToPrint(row)}`)
    terminal.record({ type: 'file', line, code, field, reason, raw: row })
  }
  const rejected = (await machine.catalogue.findLoad(sha256))?.result.rejected ?? 0
  const unlisted = Math.max(0, rejected - listed)
  // Of a held file not every row that repeats a listing may be on record.
  const more = unlisted > 0 ? `; ${formatNumber(unlisted)} of them counted, not listed` : ''
  terminal.say(`${filename}: ${count(listed + unlisted, 'row')} rejected${more}.`)
  terminal.record({ type: 'summary', name: filename, rejected: listed + unlisted, unlisted })
  return EXIT.done
}

async function exportRejects(text: string, options: Options): Promise<number> {
  const settings = loadSettings(options, 'data-management')
  await using machine = await openDataManagement(settings)
  await using inbox = await openInbox(machine, settings)
  const upload = await requireUpload(machine, text)
  const lines = new Set<number>()
  for await (const { line } of rejectsOf(machine.catalogue.database, upload.sha256)) lines.add(line)
  for await (const row of rejectedRows({ ...machine, inbox }, upload, lines)) {
    // Escaped for a terminal only; a program gets the bytes as they are.
    const shown = process.stdout.isTTY ? Buffer.from(safeToPrint(row.toString())) : row
    if (!process.stdout.write(Buffer.concat([shown, Buffer.from('\n')]))) await once(process.stdout, 'drain')
  }
  return EXIT.done
}
