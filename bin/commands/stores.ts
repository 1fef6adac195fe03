/** `splitcart stores`: merges two codes of one shop (`merge`), and sets expectations for a store (`set`). */

import { type FoldedStore, findStores } from '@splitcart/data-management/catalogue/queries/stores.ts'
import { resolveAliases, type StoreMerge } from '@splitcart/data-management/ledger/store-merges.ts'
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
import { storeSettingsCommand } from './store-settings.ts'

type Options = { json?: boolean; reason?: string }

/** Adds `stores`. */
export function addStores(program: Command): void {
  const stores = program
    .command('stores')
    .description('say which stores are one and the same, and what is expected of one')
  const merge = stores
    .command('merge')
    .description('say that a shop is known under two codes: what files say of the old one goes to the new one')
    .argument('[old]', 'a store: company/code')
    .argument('[new]', 'the one that it is, of the same company')
    .option('--reason <text>', 'why')
    .action((old: string | undefined, into: string | undefined, options: Options) =>
      run(options, (terminal) => mergeStores([old, into], options, terminal)),
    )
  addDatabaseOptions(merge)
  stores.addCommand(addDatabaseOptions(storeSettingsCommand()))
  const list = new Command('list')
    .description('list what was merged, the newest first')
    .action((_own: Options, command: Command) => runSubcommand(command, listMerges))
  const undo = undoCommand('part two stores again', 'its number in the list', {
    records: 'storeMerges',
    noun: 'merge',
    list: 'stores merge list',
    done: 'undone. The next pass of update-db applies it.',
  })
  for (const command of [list, undo]) merge.addCommand(addDatabaseOptions(command))
}

async function mergeStores(
  named: readonly (string | undefined)[],
  options: Options,
  terminal: Terminal,
): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const { storeMerges } = machine.ledger
  const current = (await storeMerges.list()).filter(({ undoneAt }) => undoneAt === null)
  const old = await requireStoreToMerge(machine, named[0], current)
  const into = await requireStoreToMerge(machine, named[1], current)
  if (old.company !== into.company)
    throw new Problem(
      'not_found',
      `${storeText(old)} and ${storeText(into)} are stores of two companies; only one company's are merged`,
    )
  const merge = { company: old.company, code: old.code, into: into.code }
  if (resolveAliases([merge]).length === 0) throw new Problem('not_found', 'both are one and the same store')
  const at = Date.now()
  const id = await storeMerges.merge({ ...merge, at, who: operatorName(), reason: options.reason ?? null })
  const detail = `${storeText(old)} into ${storeText(into)}`
  await machine.ledger.audit({ at, who: operatorName(), what: 'stores merged', about: String(id), detail })
  terminal.say(`Noted as ${id}: ${storeText(old)} is ${storeText(into)}. The next pass of update-db applies it.`)
  terminal.record({ type: 'summary', id, old: storeText(old), new: storeText(into) })
  return EXIT.done
}

/** Finds the one store of this name. Throws `not_found` for none, several, or one that is already merged. */
async function requireStoreToMerge(
  machine: DataManagement,
  text: string | undefined,
  current: readonly StoreMerge[],
): Promise<FoldedStore> {
  if (text === undefined) throw new Problem('not_found', 'two stores are needed: the old one and the new one')
  const [store, ...others] = await findStores(machine.catalogue.database, text)
  const merged = current.find((each) => each.company === store?.company && each.code === store.code)
  if (merged !== undefined)
    throw new Problem('not_found', `${text} is merged into ${merged.company}/${merged.into} already (${merged.id})`)
  if (store !== undefined && others.length === 0) return store
  throw new Problem(
    'not_found',
    store === undefined
      ? `${text} is no store; expected company/code, e.g. aldi/G102`
      : `${text} is the name of ${others.length + 1} stores`,
  )
}

function storeText({ company, code }: FoldedStore): string {
  return `${company}/${code}`
}

async function listMerges(options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const merges = await machine.ledger.storeMerges.list()
  for (const merge of merges) {
    terminal.say(mergeLine(merge, machine.zone))
    const { id, company, code, into, at, who, reason, undoneAt, undoneBy } = merge
    const undone = { undone_at: isoTime(undoneAt), undone_by: undoneBy }
    const stores = { old: `${company}/${code}`, new: `${company}/${into}` }
    terminal.record({ type: 'merge', id, ...stores, at: new Date(at).toISOString(), who, reason, ...undone })
  }
  if (merges.length === 0) terminal.say('Nothing was merged.')
  terminal.record({ type: 'summary', merges: merges.length })
  return EXIT.done
}

function mergeLine({ at, ...merge }: StoreMerge, zone: TimeZone): string {
  const { id, company, code, into, who, reason, undoneBy } = merge
  const when = zone.dateAt(at)
  const undone = undoneBy === null ? '' : ` (undone by ${undoneBy})`
  return `${id}  ${when}  ${company}/${code}  is  ${company}/${into}, says ${who}${reason === null ? '' : `: ${reason}`}${undone}`
}
