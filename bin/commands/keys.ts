/** `splitcart keys`: the keys that may use the server. */
import { keyView } from '@splitcart/data-management/http/routes/key-view.ts'
import { machineView } from '@splitcart/data-management/http/routes/machine-view.ts'
import type { MachineView } from '@splitcart/data-management/http/routes/machines-schema.ts'
import { describeRights, type KeyRecord, SCOPES, type Scope } from '@splitcart/data-management/ledger/keys.ts'
import { faultOfRight } from '@splitcart/data-management/ledger/rights.ts'
import { formatNumber } from '@splitcart/shared/number.ts'
import { networks } from '@splitcart/shared/setting-readers.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import { Command, InvalidArgumentError } from 'commander'
import { addSettingOptions, dateArgument, loadSettings, run, settingArgument } from '../command-line.ts'
import { openDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { columns, count, duration, size } from '../format.ts'
import { operatorName } from '../operator.ts'
import { programVersion } from '../program-version.ts'
import type { Terminal } from '../terminal.ts'

type Options = {
  json?: boolean
  scope?: Scope[]
  only?: string[]
  from?: readonly string[]
  expires?: string
  overlapHours?: number
  withSuccessors?: true
}

const FROM_HELP = 'the addresses and networks it may come from, e.g. 203.0.113.7,2001:db8::/32'
const ONLY_HELP = 'the companies it may write, or stores as company/store, e.g. aldi,iga/21981'
const SCOPE_HELP = `what it may do: some of ${SCOPES.join(',')} (default: upload)`

/** Adds the commands. */
export function addKeys(program: Command): void {
  const keys = program.command('keys').description('make, list and revoke the keys of senders')
  const create = new Command('create')
    .description('make a key and print it, this once')
    .argument('<name>', 'whose key it is, e.g. the name of the machine')
    .option('--scope <scopes>', SCOPE_HELP, repeatable(scopesArgument))
    .option('--expires <date>', 'the day on which it stops working, e.g. 2027-01-31', dateArgument)
    .option('--only <companies>', ONLY_HELP, repeatable(rightsArgument))
    .option('--from <networks>', FROM_HELP, repeatable(settingArgument(networks)))
    .option('--json', 'print JSON')
    .action((name: string, options: Options) => run(options, (terminal) => makeKey(name, options, terminal)))
  const invite = new Command('invite')
    .description('make a code with which a machine fetches a key of its own: splitcart connect URL')
    .argument('<name>', 'whose key it will be, e.g. the name of the machine')
    .option('--scope <scopes>', SCOPE_HELP, repeatable(scopesArgument))
    .option('--expires <date>', 'the day on which the key stops working, e.g. 2027-01-31', dateArgument)
    .option('--only <companies>', ONLY_HELP, repeatable(rightsArgument))
    .option('--from <networks>', FROM_HELP, repeatable(settingArgument(networks)))
    .option('--json', 'print JSON')
    .action((name: string, options: Options) => run(options, (terminal) => makeInvitation(name, options, terminal)))
  const list = new Command('list')
    .description('list the keys; the keys themselves are stored nowhere')
    .option('--json', 'print JSON Lines')
    .action((options: Options) => run(options, (terminal) => listKeys(options, terminal)))
  const rotate = new Command('rotate')
    .description('make a key that replaces another, for as long as that one was made for; for a while both work')
    .argument('<id>', 'the id that keys list shows')
    .option('--overlap-hours <number>', 'how long the old one still works', hoursArgument, 24)
    .option('--json', 'print JSON')
    .action((id: string, options: Options) => run(options, (terminal) => rotateKey(id, options, terminal)))
  const revoke = new Command('revoke')
    .description('stop a key from working, for ever')
    .argument('<id>', 'the id that keys list shows')
    .option('--with-successors', 'also the keys that have replaced it: whoever stole it may have made them')
    .option('--json', 'print JSON')
    .action((id: string, options: Options) => run(options, (terminal) => revokeKey(id, options, terminal)))
  for (const command of [create, invite, list, rotate, revoke])
    keys.addCommand(addSettingOptions(command, ['DATA_MANAGEMENT_DATA_DIR', 'TIME_ZONE']))
}

async function makeKey(name: string, options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const { ledger } = machine
  const wanted = newKeyOf(name, options, machine.zone)
  const { scopes, onlyFor, onlyFrom } = wanted
  const key = await ledger.keys.create(wanted, Date.now(), operatorName())
  const detail = describeRights(wanted)
  terminal.note(`A key for ${detail}. It is shown only now; put it into API_SECRET_KEY on that machine:`)
  terminal.reveal(key.text, {
    type: 'summary',
    id: key.id,
    name,
    scopes,
    only: onlyFor,
    from: onlyFrom,
    key: key.text,
  })
  return EXIT.done
}

function newKeyOf(name: string, options: Options, zone: TimeZone) {
  const { scope: scopes = ['upload'], only: onlyFor = null, from: onlyFrom = null, expires } = options
  const expiresAt = expires === undefined ? null : zone.startOf(expires)
  return { name, scopes, onlyFor, onlyFrom, expiresAt }
}

async function makeInvitation(name: string, options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const wanted = newKeyOf(name, options, machine.zone)
  const { code, expiresAt } = await machine.ledger.invitations.create(wanted, Date.now(), operatorName())
  terminal.note(
    `A code for a key for ${describeRights(wanted)}. It works once, until ${machine.zone.timeAt(expiresAt)}; on that machine:`,
  )
  terminal.note('  splitcart connect https://the-address-of-this-server')
  const { scopes, onlyFor, onlyFrom } = wanted
  const shown = { type: 'summary', name, scopes, only: onlyFor, from: onlyFrom, code } as const
  terminal.reveal(code, { ...shown, expires_at: new Date(expiresAt).toISOString() })
  return EXIT.done
}

async function rotateKey(id: string, options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const until = Date.now() + (options.overlapHours ?? 0) * HOUR_MS
  const key = await machine.ledger.keys.rotate(id, until, Date.now(), operatorName())
  if (key === undefined) return printUnknownKey(id, terminal)
  const ends = (await machine.ledger.keys.find(id))?.expires_at ?? until
  terminal.note(`The old key works until ${machine.zone.timeAt(ends)}. The new one is shown only now:`)
  const replaced = { replaces: id, until: new Date(ends).toISOString() }
  terminal.reveal(key.text, { type: 'summary', id: key.id, ...replaced, key: key.text })
  return EXIT.done
}

function printUnknownKey(id: string, terminal: Terminal): number {
  terminal.note(
    `There is no working key with the id ${JSON.stringify(id)} that has not been replaced; "splitcart keys list" shows them.`,
  )
  terminal.record({ type: 'summary', id, key: null })
  return EXIT.failure
}

async function listKeys(options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const keys = await machine.ledger.keys.list()
  const records = await machine.ledger.machines.findByKeys(keys.map(({ id }) => id))
  const machineOf = ({ id }: KeyRecord) => machineView(records.get(id), programVersion())
  const head = ['ID', 'NAME', 'SCOPES', 'ONLY FOR', 'ONLY FROM', 'STATE', 'LAST USED', 'VERSION', 'WAITING', 'CLOCK']
  const rows = keys.map((key) => [
    key.id,
    key.name,
    key.scopes,
    key.only_for?.replaceAll('\n', ', ') ?? 'all',
    key.only_from?.replaceAll('\n', ', ') ?? 'anywhere',
    keyState(key, machine.zone),
    key.last_used_at === null ? 'never' : machine.zone.timeAt(key.last_used_at),
    ...machineCells(machineOf(key)),
  ])
  if (keys.length === 0) terminal.say('There are no keys. Make one: splitcart keys create NAME')
  else for (const line of columns([head, ...rows])) terminal.say(line)
  for (const key of keys) terminal.record({ type: 'key', ...keyView(key, machineOf(key), Date.now()) })
  terminal.record({ type: 'summary', keys: keys.length })
  return EXIT.done
}

/** Table cells of a machine's last report: version, waiting files, clock skew. */
function machineCells(machine: MachineView | null): readonly string[] {
  if (machine === null) return ['–', '–', '–']
  const { version, is_outdated, waiting_files, waiting_bytes, refused_files, clock_skew_seconds: skew } = machine
  const waiting = waiting_files === 0 ? 'nothing' : `${count(waiting_files, 'file')}, ${size(waiting_bytes)}`
  const refused = refused_files === 0 ? '' : `; ${formatNumber(refused_files)} refused`
  const clock = Math.abs(skew) < 60 ? 'right' : `${duration(Math.abs(skew) * 1000)} ${skew > 0 ? 'behind' : 'ahead'}`
  return [is_outdated ? `${version} (older)` : version, waiting + refused, clock]
}

async function revokeKey(id: string, options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const { keys } = machine.ledger
  const now = Date.now()
  const revoked = options.withSuccessors
    ? await keys.revokeWithSuccessors(id, now)
    : (await keys.revoke(id, now))
      ? [id]
      : []
  for (const about of revoked) await machine.ledger.audit({ at: now, who: operatorName(), what: 'key revoked', about })
  for (const each of revoked) terminal.say(`The key ${each} no longer works.`)
  const next = (await keys.find(id))?.rotated_to
  if (next && !options.withSuccessors)
    terminal.note(
      `It was replaced by ${next}, which works on; if that leaked too: splitcart keys revoke ${id} --with-successors`,
    )
  if (revoked.length === 0)
    terminal.note(`There is no working key with the id ${JSON.stringify(id)}; "splitcart keys list" shows them.`)
  terminal.record({ type: 'summary', id, revoked: revoked.includes(id), ids: revoked })
  return revoked.length > 0 ? EXIT.done : EXIT.failure
}

function keyState({ revoked_at, expires_at }: KeyRecord, zone: TimeZone): string {
  if (revoked_at !== null) return `revoked ${zone.timeAt(revoked_at)}`
  if (expires_at !== null) return `${expires_at <= Date.now() ? 'expired' : 'until'} ${zone.timeAt(expires_at)}`
  return 'works'
}

/** Parser of an option with a list: given again, it adds to the list. */
function repeatable<T>(read: (text: string) => readonly T[]): (text: string, before?: readonly T[]) => T[] {
  return (text, before = []) => [...new Set([...before, ...read(text)])]
}

function scopesArgument(text: string): Scope[] {
  const scopes = text.split(',').map((scope) => scope.trim())
  const unknown = scopes.filter((scope) => !(SCOPES as readonly string[]).includes(scope))
  if (unknown.length > 0)
    throw new InvalidArgumentError(`There is no scope ${unknown.join(', ')}; there are ${SCOPES.join(', ')}.`)
  return scopes as Scope[]
}

function rightsArgument(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  for (const name of names) {
    const fault = faultOfRight(name)
    if (fault !== undefined)
      throw new InvalidArgumentError(`Expected names such as aldi,iga/21981; ${JSON.stringify(name)} ${fault}.`)
  }
  return names
}

function hoursArgument(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('Expected a whole number of hours.')
  return Number(text)
}
