/** `splitcart check`: judges scrapes before they are sent, by the same rules as the server. */
import { basename } from 'node:path'
import type { CheckedFile } from '@splitcart/scraping/check-file.ts'
import { type CheckRequest, ScrapeCheck } from '@splitcart/scraping/scrape-check.ts'
import { timeZoneOf } from '@splitcart/shared/day-settings.ts'
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import { isHolding } from '@splitcart/shared/truth/finding.ts'
import { thresholdsOf } from '@splitcart/shared/truth/thresholds.ts'
import type { Command } from 'commander'
import { addOutputOptions, loadSettings, loadSettingsWithKey, pathArgument, run } from '../command-line.ts'
import { EXIT } from '../exit-codes.ts'
import { findingLines } from '../finding-lines.ts'
import { count } from '../format.ts'
import type { Terminal } from '../terminal.ts'

type Options = { against?: string; json?: boolean; quiet?: boolean }

/** Adds the command. */
export function addCheck(program: Command): void {
  const command = program
    .command('check')
    .description('judge scrapes before they are sent: each alone, and beside those before it on the command line')
    .argument('<file...>', 'files of rows, .jsonl or .jsonl.gz, the oldest first')
    .option('--against <server>', 'compare with what this server knows; its key is API_SECRET_KEY')
    .action((files: string[], options: Options) => run(options, (terminal) => checkFiles(files, options, terminal)))
  addOutputOptions(command)
}

async function checkFiles(files: readonly string[], options: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettings(options, 'scraping')
  const thresholds = thresholdsOf(settings)
  const checking = new ScrapeCheck({ thresholds, now: Date.now, ...(await serverReferences(options)) })
  let held = 0
  for (const file of files) {
    const checked = await checking.check(pathArgument(file))
    const isHeld = checked.verdicts.some(isHolding)
    if (isHeld) held++
    printResult({ name: basename(file), state: isHeld ? 'held' : 'good', ...checked }, terminal, timeZoneOf(settings))
  }
  terminal.summarize(
    held === 0 ? `${count(files.length, 'file')}: nothing holds them.` : `${count(held, 'file')} would be held.`,
  )
  terminal.record({ type: 'summary', files: files.length, held })
  return held === 0 ? EXIT.done : EXIT.partly
}

/** The server's references, with --against; else none. */
async function serverReferences(options: Options): Promise<Pick<CheckRequest, 'askServer'>> {
  if (options.against === undefined) return {}
  const { against: apiServerUrl } = options
  // Imported only here: loading the network modules takes longer than checking a scrape.
  const [{ setUpNetwork }, { fetchBaseline }] = await Promise.all([
    import('../network.ts'),
    import('@splitcart/scraping/references-client.ts'),
  ])
  const settings = loadSettingsWithKey({ ...options, apiServerUrl }, 'scraping', ['API_SERVER_URL', 'API_SECRET_KEY'])
  setUpNetwork(settings)
  const { API_SERVER_URL: server, API_SECRET_KEY: key } = settings
  return { askServer: (scrape) => fetchBaseline(server!, key!, scrape) }
}

type JudgedFile = CheckedFile & Readonly<{ name: string; state: string }>

function printResult(
  { name, state, rows, rejected, verdicts, scrapes }: JudgedFile,
  terminal: Terminal,
  zone: TimeZone,
): void {
  terminal.say(`${state.padEnd(6)}  ${name}  ${count(rows, 'row')}${rejected === 0 ? '' : `, ${rejected} rejected`}`)
  for (const verdict of verdicts) for (const line of findingLines(verdict, zone)) terminal.say(`  ${line}`)
  terminal.record({ type: 'file', name, state, rows, rejected, scrapes, findings: verdicts })
}
