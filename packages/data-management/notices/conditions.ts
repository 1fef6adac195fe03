/**
 * The one list of conditions that need a person. Notices are made of it, `doctor` reads it, and `/metrics` counts it.
 *
 * A condition has a subject, such as an upload: each is told once when it begins, and some once more when it is over.
 */
import type { CONDITION_KINDS } from '@splitcart/shared/notice-readers.ts'
import { MINUTE_MS } from '@splitcart/shared/time.ts'
import type { Condition } from '../ledger/conditions.ts'
import { clocksOff, machinesGone } from './look-at-machines.ts'
import { findingsThere, silentSources } from './look-at-sources.ts'
import { backlogOld, dyingUploads, failedUploads, heldUploads } from './look-at-uploads.ts'
import { backupOld, damageFound, diskLow, keysExpiring, loaderGone } from './look-at-work.ts'
import type { FoundCondition, LookInput } from './look-parts.ts'

/** A kind of condition. */
export type ConditionKind = Readonly<{
  /** Its name in the singular and plural. */
  one: string
  many: string
  /** The plural name of conditions that are over. */
  over?: string
  /** The text of the notice when one is over; kinds without it end silently. */
  overText?: (record: Pick<Condition, 'subject' | 'text'>) => string
  /** The page that shows them. */
  page: string
  /** How long it must last before a notice is sent. */
  patienceMs: number
  isUrgent?: true
  /** The cost of looking grows with the number of stores. */
  isSlow?: true
  /** Every machine of a fleet has its own: the subject begins with its name. */
  isOfMachine?: true
  todo: string
  look: (looked: LookInput) => Promise<readonly FoundCondition[]>
}>

/** The name of a kind, as settings and commands know it. */
type ConditionName = (typeof CONDITION_KINDS)[number]

/** All kinds, by their names. */
export const CONDITIONS = {
  held: {
    one: 'upload held',
    many: 'uploads held',
    page: 'holds',
    patienceMs: 0,
    todo: 'See why: splitcart holds list. Then release or discard it.',
    look: heldUploads,
  },
  failed: {
    one: 'upload failed',
    many: 'uploads failed',
    page: 'uploads?state=failed',
    patienceMs: 0,
    todo: 'The page Uploads has the reason; the scraper that wrote the file is to be mended.',
    look: failedUploads,
  },
  findings: {
    one: 'finding',
    many: 'findings',
    page: 'findings',
    patienceMs: 0,
    isSlow: true,
    todo: 'See them: splitcart findings. Mend the scraper, or say that it is so.',
    look: findingsThere,
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
    look: silentSources,
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
    look: diskLow,
  },
  damage: {
    one: 'damaged file',
    many: 'damaged files',
    page: 'system',
    patienceMs: 0,
    isUrgent: true,
    isOfMachine: true,
    todo: 'Look at the disk, and restore a backup: docs/operations.md.',
    look: damageFound,
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
    look: loaderGone,
  },
  dying: {
    one: 'loader dying on a file',
    many: 'loaders dying on files',
    page: 'system',
    patienceMs: 0,
    todo: 'Give the loader more memory. After two deaths the file is held, and the others go on.',
    look: dyingUploads,
  },
  backlog: {
    one: 'backlog old',
    many: 'backlogs old',
    over: 'backlog loaded',
    overText: () => 'What waited for long is loaded',
    page: 'system',
    patienceMs: 5 * MINUTE_MS,
    todo: 'See what is loaded and how far it is: splitcart status.',
    look: backlogOld,
  },
  backup: {
    one: 'backup missing',
    many: 'backups missing',
    page: 'system',
    patienceMs: 0,
    todo: 'Make one: splitcart backup FILE. A timer does so every day: docs/operations.md.',
    look: backupOld,
  },
  key: {
    one: 'key about to expire',
    many: 'keys about to expire',
    page: 'keys',
    patienceMs: 0,
    todo: 'Make its successor: splitcart keys rotate ID.',
    look: keysExpiring,
  },
  clock: {
    one: 'clock wrong',
    many: 'clocks wrong',
    page: 'machines',
    patienceMs: 10 * MINUTE_MS,
    todo: 'Let that machine set its clock over the network: the dates in its scrapes are wrong as well.',
    look: clocksOff,
  },
  machine: {
    one: 'machine gone with files to send',
    many: 'machines gone with files to send',
    page: 'machines',
    patienceMs: 0,
    todo: 'Run splitcart doctor and splitcart status there. Of a machine that is no more, revoke the key.',
    look: machinesGone,
  },
} as const satisfies Readonly<Record<ConditionName, ConditionKind>>

/** The kind with a name; undefined for notices that are not of conditions. */
export function kindOf(name: string): ConditionKind | undefined {
  return Object.hasOwn(CONDITIONS, name) ? CONDITIONS[name as ConditionName] : undefined
}

/** How long a condition of each kind must last before a notice is sent, in milliseconds. */
export const PATIENCE: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(CONDITIONS).map(([name, { patienceMs }]) => [name, patienceMs]),
)
