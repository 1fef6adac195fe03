/** `splitcart findings`: lists the findings on the newest scrapes, by chain, and manages beliefs. */
import { type ChainFinding, chainFindings, unknownName } from '@splitcart/data-management/catalogue/queries/findings.ts'
import { type BeliefRecord, describeBelief, whyNotBelievable } from '@splitcart/data-management/ledger/beliefs.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import { coveringBelief } from '@splitcart/shared/truth/beliefs.ts'
import { Command } from 'commander'
import { addDatabaseOptions, loadSettings, run, runSubcommand } from '../command-line.ts'
import { openDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { count } from '../format.ts'
import { operatorName } from '../operator.ts'
import type { Terminal } from '../terminal.ts'
import { undoCommand } from '../undo-command.ts'

type Options = { json?: boolean; reason?: string; field?: string }

/** Adds the command. */
export function addFindings(program: Command): void {
  const findings = program
    .command('findings')
    .description('list what is told of the newest scrapes, a line for each company; say what is to be believed')
    .action((options: Options) => run(options, (terminal) => listFindings(options, terminal)))
  addDatabaseOptions(findings)
  const believe = new Command('believe')
    .description('believe what a rule says of a company, or of one of its stores, from now on')
    .argument('<company>', 'a company, or company/store')
    .argument('<rule>', 'the name of the rule, such as flag_constant')
    .option('--field <name>', 'only what it says of this field')
    .option('--reason <text>', 'why')
    .action((company: string, rule: string, _own: Options, command: Command) =>
      runSubcommand(command, (options: Options, terminal) => addBelief(company, rule, options, terminal)),
    )
  const beliefs = new Command('beliefs')
    .description('list what is believed, the newest first')
    .action((_own: Options, command: Command) => runSubcommand(command, listBeliefs))
  const undo = undoCommand('take a belief back', 'its number in the list of beliefs', {
    records: 'beliefs',
    noun: 'belief',
    list: 'findings beliefs',
    done: 'taken back.',
  })
  for (const command of [believe, beliefs, undo]) findings.addCommand(addDatabaseOptions(command))
}

async function listFindings(options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const beliefs = await machine.ledger.beliefs.current()
  const found = await chainFindings(machine.catalogue.database)
  for (const finding of found) {
    const { stores, company, field, rule, brief, example } = finding
    const since = stores.map((store) => coveringBelief(beliefs, { company, store, rule, field })?.since)
    const believed = since.filter((each) => each !== undefined)
    terminal.say(findingLine(finding, believed, machine.zone))
    const { sha256, ...shown } = example
    const believed_stores = believed.length
    terminal.record({ type: 'finding', company, rule, field, brief, stores, believed_stores, example: shown, sha256 })
  }
  if (found.length === 0) terminal.say('Nothing is found in the newest scrapes.')
  terminal.record({ type: 'summary', findings: found.length })
  return EXIT.done
}

function findingLine(finding: ChainFinding, believed: readonly string[], zone: TimeZone): string {
  const { company, rule, brief, stores, example } = finding
  const of = believed.length === 0 || believed.length === stores.length ? '' : ` of ${count(believed.length, 'store')}`
  const since =
    believed.length === 0 ? '' : ` (believed${of} since ${zone.dateAt(Date.parse([...believed].sort()[0]!))})`
  const where =
    stores.length === 1 ? `${example.store_name} of ${company}` : `${count(stores.length, 'store')} of ${company}`
  return `${rule.padEnd(20)}  ${where}: ${brief}${since}`
}

async function addBelief(text: string, rule: string, options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const [company = '', ...rest] = text.split('/')
  const store = rest.length === 0 ? null : rest.join('/')
  const fault = whyNotBelievable(rule) ?? (await unknownName(machine.catalogue.database, company, store))
  if (fault !== undefined) throw new Problem('not_found', fault)
  const { field = null, reason = null } = options
  const said = { company, store, rule, field, at: Date.now(), who: operatorName(), reason }
  const record = await machine.ledger.beliefs.add(said)
  const { at, who } = said
  await machine.ledger.audit({ at, who, what: 'belief held', about: String(record.id), detail: describeBelief(record) })
  terminal.say(`Noted as ${record.id}: ${describeBelief(record)} is believed from now on.`)
  terminal.record({ type: 'summary', ...beliefFields(record) })
  return EXIT.done
}

async function listBeliefs(options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const all = await machine.ledger.beliefs.list()
  for (const belief of all) {
    const { id, since, who, reason, undoneBy } = belief
    const why = reason === null ? '' : `: ${reason}`
    const undone = undoneBy === null ? '' : ` (taken back by ${undoneBy})`
    terminal.say(
      `${id}  ${machine.zone.dateAt(Date.parse(since))}  ${describeBelief(belief)}, says ${who}${why}${undone}`,
    )
    terminal.record({ type: 'belief', ...beliefFields(belief) })
  }
  if (all.length === 0) terminal.say('Nothing was said.')
  terminal.record({ type: 'summary', beliefs: all.length })
  return EXIT.done
}

function beliefFields({ undoneAt: undone_at, undoneBy: undone_by, ...belief }: BeliefRecord) {
  return { ...belief, undone_at, undone_by }
}
