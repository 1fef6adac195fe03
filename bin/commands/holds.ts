/** `splitcart holds`: uploads that are intact but suspicious, and what a person decides about them. */
import { receiptOf, repairFor } from '@splitcart/data-management/ledger/receipt-of.ts'
import type { Finding } from '@splitcart/shared/truth/finding.ts'
import { Command } from 'commander'
import { addDatabaseOptions, loadSettings, run, UsageError } from '../command-line.ts'
import { openDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { findingLines } from '../finding-lines.ts'
import { count } from '../format.ts'
import { requireUpload, runAction } from '../run-action.ts'
import type { Terminal } from '../terminal.ts'

type Options = { json?: boolean; all?: boolean; reason?: string; repair?: boolean }

const LISTED_MAX = 1000

/** Adds the commands. */
export function addHolds(program: Command): void {
  const holds = program.command('holds').description('look at suspicious uploads, and release or discard them')
  const list = new Command('list')
    .description('list the uploads that are held, and why')
    .action((options: Options) => run(options, (terminal) => listHolds(options, terminal)))
  const release = new Command('release')
    .description('load a held upload all the same')
    .argument('[upload]', 'its id, SHA-256 or file name')
    .option('--all', 'all that are held, the oldest first')
    .option('--reason <text>', 'why, for the audit', 'released')
    .option(
      '--repair',
      'make the repair that is offered, now and each time the file is loaded; undoing the load ends it',
    )
    .action((upload: string | undefined, options: Options) =>
      run(options, (terminal) => releaseHolds(upload, options, terminal)),
    )
  const discard = new Command('discard')
    .description('set a held upload aside for good; its file is kept in product_failed')
    .argument('<upload>', 'its id, SHA-256 or file name')
    .requiredOption('--reason <text>', 'why; the sender is told')
    .action((upload: string, options: Options) =>
      run(options, (terminal) => decideHold(upload, 'discard', options, terminal)),
    )
  for (const command of [list, release, discard]) holds.addCommand(addDatabaseOptions(command))
}

async function listHolds(options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const held = await machine.ledger.uploads.list({ state: 'held', limit: LISTED_MAX })
  for (const upload of held) {
    const { load, ...receipt } = receiptOf(upload, false)
    terminal.say(`${upload.id}  ${upload.filename}  received ${machine.zone.timeAt(upload.received_at)}`)
    terminal.say(`  ${load?.problem ?? ''}`)
    for (const line of (receipt.findings ?? []).flatMap((each) =>
      findingLines(each as unknown as Finding, machine.zone),
    ))
      terminal.say(`  ${line}`)
    terminal.record({ type: 'file', ...receipt, load })
  }
  if (held.length === 0) terminal.say('Nothing is held.')
  else
    terminal.say(
      `${count(held.length, 'upload')} held. Release one: splitcart holds release ID, or all with --all. Discard: splitcart holds discard ID --reason TEXT`,
    )
  terminal.record({ type: 'summary', held: held.length })
  return EXIT.done
}

async function releaseHolds(upload: string | undefined, options: Options, terminal: Terminal): Promise<number> {
  if ((upload === undefined) !== (options.all === true))
    throw new UsageError('name one upload, or give --all for all that are held.')
  if (upload !== undefined) return decideHold(upload, 'load', options, terminal)
  const held = await heldIds(options)
  if (held.length === 0) terminal.say('Nothing is held.')
  let code: number = EXIT.done
  for (const id of held.reverse()) code = Math.max(code, await decideHold(id, 'load', options, terminal))
  return code
}

/** Ids of the held uploads, newest first. */
async function heldIds(options: Options): Promise<string[]> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const held = await machine.ledger.uploads.list({ state: 'held', limit: LISTED_MAX })
  return held.map(({ id }) => id)
}

async function decideHold(
  text: string,
  action: 'load' | 'discard',
  options: Options,
  terminal: Terminal,
): Promise<number> {
  const settings = loadSettings(options, 'data-management')
  await using machine = await openDataManagement(settings)
  const repair = action === 'load' ? repairFor(await requireUpload(machine, text), options.repair === true) : undefined
  const wanting = { action, upload: text, reason: options.reason ?? '', from: 'held', isLimited: true } as const
  const upload = await runAction(machine, settings, { ...wanting, ...(repair !== undefined && { repair }) }, terminal)
  const wanted = action === 'load' ? 'loaded' : 'failed'
  const receipt = receiptOf(upload, false)
  terminal.say(`${upload.filename} is ${upload.state}${receipt.load?.problem ? `: ${receipt.load.problem}` : '.'}`)
  terminal.record({ type: 'summary', ...receipt })
  return upload.state === wanted ? EXIT.done : EXIT.failure
}
