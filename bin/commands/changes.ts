/** `splitcart changes`: lists what became cheaper or dearer, appeared or disappeared, the largest change first. */
import { CHANGE_KINDS, changeKindText } from '@splitcart/data-management/catalogue/model/changes.ts'
import { type ChangesParameters, changePage } from '@splitcart/data-management/http/routes/changes.ts'
import type { ChangePage } from '@splitcart/data-management/http/routes/changes-schema.ts'
import { type FormatMoney, moneyFormatter } from '@splitcart/shared/money.ts'
import { formatChange, formatNumber } from '@splitcart/shared/number.ts'
import { type Command, Option } from 'commander'
import { addSettingOptions, dateArgument, loadSettings, numberArgument, run } from '../command-line.ts'
import { openDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { columns, count } from '../format.ts'
import { localReading } from '../local-reading.ts'
import { requireKnownNames } from '../required-names.ts'
import type { Terminal } from '../terminal.ts'

type Options = Omit<ChangesParameters, 'after'> & { json?: boolean }

const LIMIT = 20
const LIMIT_MAX = 1_000
const DAYS_MAX = 3_660

/** Adds the command. */
export function addChanges(program: Command): void {
  const command = program
    .command('changes')
    .description('show what became cheaper and dearer, came and went, the largest change first')
    .option('--days <count>', 'the last days up to the latest change', numberArgument(DAYS_MAX), 1)
    .option('--from <date>', 'from this date on', dateArgument)
    .option('--to <date>', 'up to this date', dateArgument)
    .addOption(new Option('--kind <kinds...>', 'only these kinds').choices(CHANGE_KINDS))
    .option('--company <company>', 'of this company')
    .addOption(new Option('--store <company/store>', 'of this store').conflicts('company'))
    .option('--category <name>', 'of this category, at any level')
    .addOption(
      new Option('--sort <order>', 'by what the largest comes first').choices(['share', 'cents']).default('share'),
    )
    .option('--limit <count>', 'how many at most', numberArgument(LIMIT_MAX), LIMIT)
    .option('--json', 'print JSON Lines')
    .action((options: Options) => run(options, (terminal) => runChanges(options, terminal)))
  addSettingOptions(command, ['DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL', 'TIME_ZONE', 'CURRENCY'])
}

async function runChanges(options: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettings(options, 'data-management')
  await using machine = await openDataManagement(settings)
  await requireKnownNames(machine.catalogue.database, options)
  const page = await changePage(localReading(machine, settings), options)
  const money = moneyFormatter(settings.CURRENCY)
  const cells = page.changes.map((change) => changeCells(change, money))
  for (const line of columns(cells, [1, 2])) terminal.say(line)
  for (const change of page.changes) terminal.record({ type: 'change', ...change })
  terminal.summarize(changesSummary(page))
  const { from, to, counts, is_counted } = page
  terminal.record({ type: 'summary', from, to, counts, is_counted })
  return EXIT.done
}

/** The cells of a line: "cheaper  3.19 → 2.99  −6%  Full Cream Milk 2L  aldi, 10 stores". */
function changeCells(change: ChangePage['changes'][number], money: FormatMoney) {
  const { kind, from_cents, to_cents, change_share, name, company, stores } = change
  const price = [from_cents, to_cents].filter((cents) => cents !== null).map(money)
  const share = change_share === null ? '' : formatChange(change_share)
  return [changeKindText(kind), price.join(' → '), share, name, `${company}, ${count(stores, 'store')}`]
}

function changesSummary({ from, to, counts, is_counted }: ChangePage): string {
  const counting = is_counted ? '' : ' What was loaded last has still to be counted: update-db does so.'
  if (from === null) return `Nothing has changed yet.${counting}`
  const when = from === to ? `On ${from}` : `From ${from} to ${to}`
  return `${when}: ${counts.map(({ kind, lines }) => `${formatNumber(lines)} ${changeKindText(kind)}`).join(', ')}.${counting}`
}
