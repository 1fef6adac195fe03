/** `splitcart check`: judges scrapes before they are sent, by the rules that the server goes by. */
import { basename } from 'node:path'
import { checkFile, NO_REFERENCES } from '@splitcart/scraping/check-file.ts'
import { daysBetween, type References } from '@splitcart/shared/truth/case.ts'
import type { FileScrape } from '@splitcart/shared/truth/file-figures.ts'
import { thresholdsOf } from '@splitcart/shared/truth/thresholds.ts'
import type { Command } from 'commander'
import { pathArgument, printable, run, settingsOf } from '../command-line.ts'
import { EXIT } from '../exit-codes.ts'
import { count } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import { linesOf } from '../verdict-lines.ts'

type Options = { json?: boolean; quiet?: boolean }

/** Adds the command. */
export function addCheck(program: Command): void {
  const command = program
    .command('check')
    .description('judge scrapes before they are sent: each alone, and beside those before it on the command line')
    .argument('<file...>', 'files of rows, .jsonl or .jsonl.gz, the oldest first')
    .action((files: string[], options: Options) => run(options, (terminal) => check(files, options, terminal)))
  printable(command)
}

async function check(files: readonly string[], options: Options, terminal: Terminal): Promise<number> {
  const thresholds = thresholdsOf(settingsOf(options, 'scraping'))
  const on = new Date().toISOString().slice(0, 10)
  const before: FileScrape[] = []
  let held = 0
  for (const file of files) {
    const read: FileScrape[] = []
    const referencesTo = async (scrape: FileScrape) => {
      read.push(scrape)
      return referencesAmong(before, scrape)
    }
    const checked = await checkFile(pathArgument(file), { thresholds, on, referencesTo })
    const isHeld = checked.verdicts.some((verdict) => verdict.held)
    if (isHeld) held++
    else before.push(...read)
    tell({ name: basename(file), state: isHeld ? 'held' : 'good', ...checked }, terminal)
  }
  terminal.sum(
    held === 0 ? `${count(files.length, 'file')}: nothing holds them.` : `${count(held, 'file')} would be held.`,
  )
  terminal.record({ type: 'summary', files: files.length, held })
  return held === 0 ? EXIT.done : EXIT.partly
}

/** What the files before say of the store. */
function referencesAmong(before: readonly FileScrape[], { company, store, date }: FileScrape): References {
  const own = before
    .filter((each) => each.company === company && each.store === store && each.date < date)
    .toSorted((one, other) => daysBetween(one.date, other.date))
  const [newest] = own
  if (newest === undefined) return NO_REFERENCES
  const rows = own.slice(0, 10).map(({ maker }) => maker.figures().rows)
  const reference = { store: newest.storeName, date: newest.date, figures: newest.maker.figures() }
  return { own: reference, usual: rows, newest: newest.date, sisters: [] }
}

type Told = Awaited<ReturnType<typeof checkFile>> & Readonly<{ name: string; state: string }>

function tell({ name, state, rows, rejected, verdicts, scrapes }: Told, terminal: Terminal): void {
  terminal.say(`${state.padEnd(6)}  ${name}  ${count(rows, 'row')}${rejected === 0 ? '' : `, ${rejected} rejected`}`)
  for (const verdict of verdicts) for (const line of linesOf(verdict)) terminal.say(`  ${line}`)
  terminal.record({ type: 'file', name, state, rows, rejected, scrapes, findings: verdicts })
}
