/** `splitcart attention`: lists what needs attention, as the dashboard's overview does, and ticks it off. */
import { readAttention } from '@splitcart/data-management/http/routes/attention.ts'
import { findingKey } from '@splitcart/data-management/http/routes/findings.ts'
import { sourcesNow } from '@splitcart/data-management/http/routes/freshness.ts'
import { findTickable } from '@splitcart/data-management/http/routes/tickable.ts'
import { NOT_TICKED, tickEntry } from '@splitcart/data-management/http/routes/ticks.ts'
import { TICK_KINDS, type TickBody } from '@splitcart/data-management/http/routes/ticks-schema.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { Argument, Command } from 'commander'
import { addDatabaseOptions, dateArgument, loadSettings, run } from '../command-line.ts'
import { type DataManagement, openDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { columns, count } from '../format.ts'
import { localReading } from '../local-reading.ts'
import { operatorName } from '../operator.ts'
import type { Terminal } from '../terminal.ts'

type Options = { json?: boolean; until?: string }
type Kind = TickBody['kind']
type Attention = Awaited<ReturnType<typeof readAttention>>

/** Adds the commands. */
export function addAttention(program: Command): void {
  const attention = program.command('attention').description('see what needs attention, and tick it off')
  const list = new Command('list')
    .description('list what needs attention, the first of each kind, and what is ticked off')
    .action((options: Options) => run(options, (terminal) => listAttention(options, terminal)))
  const tick = tickCommand('tick', 'tick something off: nobody is told of it')
    .option(
      '--until <date>',
      'no longer than to this day, e.g. 2027-01-31, where it does not change before',
      dateArgument,
    )
    .action((kind: Kind, subject: string, options: Options) =>
      run(options, (terminal) => tickOff(kind, subject, options, terminal)),
    )
  const untick = tickCommand('untick', 'take a tick back').action((kind: Kind, subject: string, options: Options) =>
    run(options, (terminal) => removeTick(kind, subject, options, terminal)),
  )
  for (const command of [list, tick, untick]) attention.addCommand(addDatabaseOptions(command))
}

function tickCommand(name: string, about: string): Command {
  return new Command(name)
    .description(about)
    .addArgument(new Argument('<kind>', 'what it is').choices(TICK_KINDS))
    .argument('<subject>', 'as "splitcart attention list" has it; a store as company/code')
}

async function listAttention(options: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettings(options, 'data-management')
  await using machine = await openDataManagement(settings)
  const reading = localReading(machine, settings)
  const found = await readAttention(reading, await sourcesNow(reading))
  const lines = attentionLines(found)
  for (const line of columns(lines.map(({ kind, subject, text }) => [kind, subject, text]))) terminal.say(line)
  for (const line of lines) terminal.record({ type: 'attention', ...line })
  if (found.ticked_count > 0) terminal.say('Ticked off:')
  for (const tick of found.ticked) {
    terminal.say(`  ${tick.kind}  ${tick.subject}  ${tick.text}, ${untilText(tick)}, by ${tick.who}`)
    terminal.record({ type: 'ticked', ...tick })
  }
  const older = found.ticked_count - found.ticked.length
  if (older > 0) terminal.say(`  and ${older} older`)
  const all = TICK_KINDS.reduce((sum, kind) => sum + found[kind].count, 0)
  const more = all - lines.length
  terminal.summarize(
    all === 0
      ? 'Nothing needs attention.'
      : `${count(all, 'thing')} ${all === 1 ? 'needs' : 'need'} attention${more > 0 ? `, ${more} of them not shown` : ''}.`,
  )
  terminal.record({ type: 'summary', needed: all, ticked: found.ticked_count })
  return EXIT.done
}

/** The first entries of each kind, with the subjects by which they can be ticked off. */
function attentionLines(found: Attention): { kind: Kind; subject: string; text: string }[] {
  const stores = (['silent', 'late', 'partial'] as const).flatMap((kind) =>
    found[kind].first.map(({ company, store_id, store_name, last_date }) => {
      return { kind, subject: `${company}/${store_id}`, text: `${store_name}, last scraped ${last_date}` }
    }),
  )
  const uploads = (['held', 'failed'] as const).flatMap((kind) =>
    found[kind].first.map(({ upload_id, filename }) => ({ kind, subject: upload_id, text: filename })),
  )
  const rejects = found.rejects.first.map(({ upload_id, sha256, filename }) => {
    return { kind: 'rejects' as const, subject: upload_id ?? sha256, text: filename }
  })
  const findings = found.findings.first.map((finding) => {
    return { kind: 'findings' as const, subject: findingKey(finding), text: `${finding.company}: ${finding.brief}` }
  })
  return [...stores, ...uploads, ...findings, ...rejects]
}

async function tickOff(kind: Kind, text: string, options: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettings(options, 'data-management')
  await using machine = await openDataManagement(settings)
  const reading = localReading(machine, settings)
  const subject = tickSubject(kind, text)
  const { found } = await findTickable(reading, { kind, subject })
  const tick = await tickEntry(reading, { kind, subject, until: options.until ?? null }, found, operatorName())
  terminal.say(`Ticked off ${untilText(tick)}: ${tick.kind} ${tick.text}.`)
  terminal.record({ type: 'summary', ...tick })
  return EXIT.done
}

function untilText({ until }: { until: string | null }): string {
  return `until ${until === null ? '' : `${until}, or `}it changes`
}

async function removeTick(kind: Kind, text: string, options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const subject = await storedSubject(machine, kind, tickSubject(kind, text))
  const isTaken = await machine.ledger.ticks.remove({ kind, subject }, operatorName(), Date.now())
  if (!isTaken) throw new Problem('not_found', NOT_TICKED)
  terminal.say(`The tick is taken back: ${kind} ${text}.`)
  terminal.record({ type: 'summary', kind, subject })
  return EXIT.done
}

/** Converts company/code, the command line's name of a store, to the tick's subject. */
function tickSubject(kind: Kind, text: string): string {
  const [, company, store] = /^([^/["]+)\/(.+)$/.exec(text) ?? []
  const isOfStore = kind === 'silent' || kind === 'late' || kind === 'partial'
  return isOfStore && store !== undefined ? JSON.stringify([company, store]) : text
}

/** The subject as stored in the tick, found case-insensitively. */
async function storedSubject({ ledger }: DataManagement, kind: Kind, subject: string): Promise<string> {
  const ticks = (await ledger.ticks.list()).filter((tick) => tick.kind === kind)
  return ticks.find((tick) => tick.subject.toLowerCase() === subject.toLowerCase())?.subject ?? subject
}
