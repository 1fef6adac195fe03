/** `splitcart same` and `not-same`: people's verdicts on pairs of listings, and candidate pairs to review. */

import type { ListingName } from '@splitcart/data-management/catalogue/catalogue.ts'
import { findListing, findSuggestions } from '@splitcart/data-management/catalogue/queries/suggestions.ts'
import { findSuspects } from '@splitcart/data-management/catalogue/queries/suspects.ts'
import type { VerdictRecord, VerdictWord } from '@splitcart/data-management/ledger/verdicts.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { isoTime } from '@splitcart/shared/time.ts'
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import { Command } from 'commander'
import { addDatabaseOptions, loadSettings, run, runSubcommand } from '../command-line.ts'
import { type DataManagement, openDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { operatorName } from '../operator.ts'
import type { Terminal } from '../terminal.ts'
import { undoCommand } from '../undo-command.ts'

type Options = { json?: boolean; reason?: string; comparable?: boolean }

const LISTING_ABOUT = 'a listing: company/SKU, or company/key where it has no SKU'

/** Adds `same`. */
export function addSame(program: Command): void {
  const same = program
    .command('same')
    .description('say that two listings are one product, look at what was said, and at pairs that may be')
    .argument('[a]', LISTING_ABOUT)
    .argument('[b]', 'another one')
    .option('--comparable', 'say that they can be compared, but are not the same')
    .option('--reason <text>', 'why')
    .action((a: string | undefined, b: string | undefined, options: Options) =>
      run(options, (terminal) => giveVerdict([a, b], options.comparable ? 'comparable' : 'same', options, terminal)),
    )
  addDatabaseOptions(same)
  const list = new Command('list')
    .description('list what was said, the newest first')
    .action((_own: Options, command: Command) => runSubcommand(command, listVerdicts))
  const undo = undoCommand('take back what was said', 'its number in the list', {
    records: 'verdicts',
    noun: 'verdict',
    list: 'same list',
    done: 'taken back. The next pass of update-db applies it.',
  })
  const suggest = new Command('suggest')
    .description(
      'list pairs of different companies that are likely the same article, or comparable, the likeliest first',
    )
    .action((_own: Options, command: Command) => runSubcommand(command, listSuggestions))
  const suspects = new Command('suspects')
    .description(
      'list the largest products, those whose prices differ most, and keys that join nothing, with the reasons',
    )
    .action((_own: Options, command: Command) => runSubcommand(command, listSuspects))
  for (const command of [list, undo, suggest, suspects]) same.addCommand(addDatabaseOptions(command))
}

/** Adds `not-same`. */
export function addNotSame(program: Command): void {
  const notSame = program
    .command('not-same')
    .description('say that two listings are never one product, whatever they have in common')
    .argument('<a>', LISTING_ABOUT)
    .argument('<b>', 'another one')
    .option('--reason <text>', 'why')
    .action((a: string, b: string, options: Options) =>
      run(options, (terminal) => giveVerdict([a, b], 'not_same', options, terminal)),
    )
  addDatabaseOptions(notSame)
}

async function giveVerdict(
  named: readonly (string | undefined)[],
  verdict: VerdictWord,
  options: Options,
  terminal: Terminal,
): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const [one, other] = [await requireListing(machine, named[0]), await requireListing(machine, named[1])]
  if (JSON.stringify(one) === JSON.stringify(other)) throw new Problem('not_found', 'both are one and the same listing')
  const at = Date.now()
  const id = await machine.ledger.verdicts.add({
    one,
    other,
    verdict,
    at,
    who: operatorName(),
    reason: options.reason ?? null,
  })
  await machine.ledger.audit({ at, who: operatorName(), what: 'verdict given', about: String(id), detail: verdict })
  terminal.say(
    `Noted as ${id}: ${listingText(one)} and ${listingText(other)} are ${VERDICT_TEXTS[verdict]}. The next pass of update-db applies it.`,
  )
  terminal.record({ type: 'summary', id, verdict })
  return EXIT.done
}

const VERDICT_TEXTS: Readonly<Record<VerdictWord, string>> = {
  same: 'the same',
  comparable: 'comparable',
  not_same: 'not the same',
}

async function requireListing(machine: DataManagement, text: string | undefined): Promise<ListingName> {
  const found = text === undefined ? undefined : await findListing(machine.catalogue.database, text)
  if (found === undefined)
    throw new Problem(
      'not_found',
      `${text ?? 'one of the two listings'} is no listing; expected company/SKU, e.g. aldi/000123`,
    )
  return found
}

function listingText({ company, code }: ListingName): string {
  return `${company}/${code}`
}

async function listVerdicts(options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const verdicts = await machine.ledger.verdicts.list()
  for (const verdict of verdicts) {
    terminal.say(verdictLine(verdict, machine.zone))
    const { one, other, at, undoneAt, undoneBy, ...rest } = verdict
    const undone = { undone_at: isoTime(undoneAt), undone_by: undoneBy }
    terminal.record({
      type: 'verdict',
      a: listingText(one),
      b: listingText(other),
      at: new Date(at).toISOString(),
      ...rest,
      ...undone,
    })
  }
  if (verdicts.length === 0) terminal.say('Nothing was said.')
  terminal.record({ type: 'summary', verdicts: verdicts.length })
  return EXIT.done
}

function verdictLine({ at, ...said }: VerdictRecord, zone: TimeZone): string {
  const { id, one, other, verdict, who, reason, undoneBy } = said
  const when = zone.dateAt(at)
  const undone = undoneBy === null ? '' : ` (taken back by ${undoneBy})`
  return `${id}  ${when}  ${listingText(one)}  ${listingText(other)}  ${VERDICT_TEXTS[verdict]}, says ${who}${reason === null ? '' : `: ${reason}`}${undone}`
}

async function listSuggestions(options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const said = (await machine.ledger.verdicts.current()).map(({ one, other }) => [one, other] as const)
  const found = await findSuggestions(machine.catalogue.database, said)
  for (const { a, b, level, score, reasons } of found) {
    terminal.say(
      `${level.padEnd(10)}  ${score.toFixed(2)}  ${a.company}: ${a.name}  =  ${b.company}: ${b.name}  (${reasons.join('; ')})`,
    )
    const [one, other] = [a, b].map(({ company, sku, key }) => ({ company, sku, key }))
    terminal.record({ type: 'pair', a: one, b: other, level, score, reasons })
  }
  if (found.length === 0) terminal.say('There is no pair.')
  terminal.record({ type: 'summary', pairs: found.length })
  return EXIT.done
}

async function listSuspects(options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const found = await findSuspects(machine.catalogue.database)
  for (const { product, listings, lowest_cents, highest_cents } of found.products)
    terminal.say(
      `product ${product}: ${listings} listings, prices from ${lowest_cents ?? '–'} to ${highest_cents ?? '–'} cents`,
    )
  for (const { company, kind, value, listings, reason } of found.silent)
    terminal.say(`${kind} "${value}" of ${company}: joins none of its ${listings} listings, ${reason}`)
  for (const product of found.products) terminal.record({ type: 'suspect', kind: 'product', ...product })
  for (const { kind, ...key } of found.silent)
    terminal.record({ type: 'suspect', kind: 'silent key', key: kind, ...key })
  const count = found.products.length + found.silent.length
  if (count === 0) terminal.say('There is nothing to suspect.')
  terminal.record({ type: 'summary', suspects: count })
  return EXIT.done
}
