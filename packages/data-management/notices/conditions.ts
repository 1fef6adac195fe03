/**
 * The kinds of conditions that need a person. Notices, `doctor` and `/metrics` all use this list.
 *
 * A condition has a subject, such as an upload. A notice is sent when it begins and, for some kinds, when it is over.
 */
import type { CONDITION_KINDS } from '@splitcart/shared/notice-readers.ts'
import { MINUTE_MS } from '@splitcart/shared/time.ts'
import type { Condition } from '../ledger/conditions.ts'
import type { ConditionInput, FoundCondition } from './condition-input.ts'
import { missingMachines, wrongClocks } from './machine-conditions.ts'
import { diskDamage, expiringKeys, lowDisk, missingLoader, oldBackup } from './server-conditions.ts'
import { openFindings, silentSources } from './source-conditions.ts'
import { crashingUploads, failedUploads, heldUploads, oldBacklog } from './upload-conditions.ts'

/** A kind of condition: how it is found, named and reported. */
export type ConditionKind = Readonly<{
  /** Its name, in singular and plural. */
  one: string
  many: string
  /** What a title calls conditions of this kind that are over. */
  over?: string
  /** The text of the notice when a condition is over; without it, no notice is sent then. */
  overText?: (record: Pick<Condition, 'subject' | 'text'>) => string
  /** The path of the dashboard page that shows these conditions. */
  page: string
  /** How long a condition must last before a notice is sent. */
  patienceMs: number
  isUrgent?: true
  /** The cost of finding these conditions grows with the number of stores. */
  isSlow?: true
  /** Each machine of a fleet has its own conditions: their subjects begin with its name. */
  isOfMachine?: true
  /** What a person should do. */
  todo: string
  find: (looked: ConditionInput) => Promise<readonly FoundCondition[]>
}>

/** The name of a kind, as settings and commands use it. */
type ConditionName = (typeof CONDITION_KINDS)[number]

/** All kinds of conditions by name. */
export const CONDITIONS = {
  held: {
    one: 'upload held',
    many: 'uploads held',
    page: 'holds',
    patienceMs: 0,
    todo: 'See why: splitcart holds list. Then release or discard it.',
    find: heldUploads,
  },
  failed: {
    one: 'upload failed',
    many: 'uploads failed',
    page: 'uploads?state=failed',
    patienceMs: 0,
    todo: 'The page Uploads has the reason; the scraper that wrote the file is to be mended.',
    find: failedUploads,
  },
  findings: {
    one: 'finding',
    many: 'findings',
    page: 'findings',
    patienceMs: 0,
    isSlow: true,
    todo: 'See them: splitcart findings. Mend the scraper, or say that it is so.',
    find: openFindings,
  },
  silent: {
    one: 'source silent',
    many: 'sources silent',
    over: 'heard again',
    overText: ({ text }) => text.replace(/ is silent \(last [\d-]+\)$/, ' is heard again'),
    page: 'sources?state=silent',
    patienceMs: 0,
    isSlow: true,
    todo: 'Run splitcart doctor and splitcart status on the machine that scrapes it.',
    find: silentSources,
  },
  disk: {
    one: 'disk low',
    many: 'disks low',
    over: 'with room again',
    overText: ({ subject }) => `${subject} has room on its disk again`,
    page: 'system',
    patienceMs: 0,
    isUrgent: true,
    isOfMachine: true,
    todo: 'Make room: uploads are refused soon. splitcart status says what takes it.',
    find: lowDisk,
  },
  damage: {
    one: 'damaged file',
    many: 'damaged files',
    page: 'system',
    patienceMs: 0,
    isUrgent: true,
    isOfMachine: true,
    todo: 'Look at the disk, and restore a backup: docs/operations.md.',
    find: diskDamage,
  },
  loader: {
    one: 'loader gone',
    many: 'loaders gone',
    over: 'loading again',
    overText: () => 'A loader is at work again',
    page: 'system',
    patienceMs: 10 * MINUTE_MS,
    isUrgent: true,
    todo: 'Start one: splitcart update-db --products --watch. The log says why the last one ended.',
    find: missingLoader,
  },
  dying: {
    one: 'loader dying on a file',
    many: 'loaders dying on files',
    page: 'system',
    patienceMs: 0,
    todo: 'Give the loader more memory. After two deaths the file is held, and the others go on.',
    find: crashingUploads,
  },
  backlog: {
    one: 'backlog old',
    many: 'backlogs old',
    over: 'backlog loaded',
    overText: () => 'What waited for long is loaded',
    page: 'system',
    patienceMs: 5 * MINUTE_MS,
    todo: 'See what is loaded and how far it is: splitcart status.',
    find: oldBacklog,
  },
  backup: {
    one: 'backup missing',
    many: 'backups missing',
    page: 'system',
    patienceMs: 0,
    todo: 'Make one: splitcart backup FILE. A timer does so every day: docs/operations.md.',
    find: oldBackup,
  },
  key: {
    one: 'key about to expire',
    many: 'keys about to expire',
    page: 'keys',
    patienceMs: 0,
    todo: 'Make its successor: splitcart keys rotate ID.',
    find: expiringKeys,
  },
  clock: {
    one: 'clock wrong',
    many: 'clocks wrong',
    page: 'machines',
    patienceMs: 10 * MINUTE_MS,
    todo: 'Let that machine set its clock over the network: the dates in its scrapes are wrong as well.',
    find: wrongClocks,
  },
  machine: {
    one: 'machine gone with files to send',
    many: 'machines gone with files to send',
    page: 'machines',
    patienceMs: 0,
    todo: 'Run splitcart doctor and splitcart status there. Of a machine that is no more, revoke the key.',
    find: missingMachines,
  },
} as const satisfies Readonly<Record<ConditionName, ConditionKind>>

/** The kind of condition with this name; undefined for a notice of another kind, such as `watch`. */
export function conditionKind(name: string): ConditionKind | undefined {
  return Object.hasOwn(CONDITIONS, name) ? CONDITIONS[name as ConditionName] : undefined
}

/** How long a condition of each kind must last before a notice is sent, in milliseconds. */
export const PATIENCE_MS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(CONDITIONS).map(([name, { patienceMs }]) => [name, patienceMs]),
)
