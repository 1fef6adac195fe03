/** The metrics whose values are read at each request of `/metrics`: their names, help texts and sources. */
import { inboxOf } from '../../inbox/folder/folder-inbox.ts'
import { freeBytes } from '../../status.ts'
import type { Services } from '../services.ts'
import type { MonitoringFigures } from './figures.ts'
import { loaderState } from './loader-state.ts'

/** The part of the server that a metric is read from. While this part fails, the metric is left out. */
export type ServerPart = 'database' | 'inbox' | 'disk'

/** A value of a metric, with its labels; null: there is no value now. */
export type Sample = Readonly<{ labels?: Readonly<Record<string, string>>; value: number | null }>

/** A metric. `counter`: its value only grows; `isShared`: all servers of a fleet report the same value. */
export type Measure = Readonly<{
  name: string
  help: string
  type: 'gauge' | 'counter'
  isShared?: boolean
  part: ServerPart
  sample: () => Promise<readonly Sample[]>
}>

/** All these metrics. `figures`: reads the figures of the databases. */
export function measuresOf(services: Services, figures: () => Promise<MonitoringFigures>): Measure[] {
  const inbox = inboxOf(services.inbox)
  const loader: Measure = {
    name: 'splitcart_loader_running',
    help: 'Whether a program is there that loads uploads, anywhere.',
    type: 'gauge',
    isShared: true,
    part: inbox.isShared ? 'inbox' : 'database',
    sample: async () => [
      { value: (await loaderState(services, await inbox.status())).state === 'not running' ? 0 : 1 },
    ],
  }
  const ofDatabase = FROM_FIGURES.map(([name, help, type, sample]): Measure => {
    const ask = async () => sample(await figures(), services.inbox.now())
    return { name: `splitcart_${name}`, help, type, isShared: true, part: 'database', sample: ask }
  })
  return [...ofDatabase, loader, ...measuresOfDisk(services), ...measuresOfShared(services)]
}

const FROM_FIGURES: readonly [
  name: string,
  help: string,
  type: Measure['type'],
  sample: (figures: MonitoringFigures, now: number) => readonly Sample[],
][] = [
  ['uploads', 'Uploads on record, by state.', 'gauge', ({ uploads }) => byLabel('state', uploads)],
  ['inbox_bytes', 'Bytes of the uploads that wait to be loaded.', 'gauge', ({ waiting }) => single(waiting.bytes)],
  [
    'inbox_oldest_seconds',
    'How long the oldest upload has waited to be loaded; 0 when none waits.',
    'gauge',
    ({ waiting }, now) => secondsSince(waiting.since, now),
  ],
  ['loads_total', 'Loads that have ended, by result.', 'counter', ({ loads }) => byLabel('result', loads.files)],
  ['load_seconds_total', 'Time that these took.', 'counter', ({ loads }) => single(loads.milliseconds / 1000)],
  ['loaded_bytes_total', 'Bytes of the files that were loaded.', 'counter', ({ loads }) => single(loads.bytes)],
  ['rows_total', 'Rows of files that were loaded, by result.', 'counter', ({ loads }) => byLabel('result', loads.rows)],
  ['loader_deaths_total', 'Loads that ended their loader.', 'counter', ({ loads }) => single(loads.deaths)],
  [
    'last_load_timestamp_seconds',
    'When the latest upload was loaded, held or failed.',
    'gauge',
    ({ lastLoad }) => timestamp(lastLoad),
  ],
  [
    'last_backup_timestamp_seconds',
    'When the latest backup was made.',
    'gauge',
    ({ lastBackup }) => timestamp(lastBackup),
  ],
  [
    'next_key_expiry_timestamp_seconds',
    'When the next key will expire that has no successor.',
    'gauge',
    ({ keyExpiry }) => timestamp(keyExpiry),
  ],
  [
    'machine_files',
    'Files on scraping machines, by state, as each said last: waiting to be sent, and refused and set aside.',
    'gauge',
    ({ machines }) => byLabel('state', { waiting: machines.waiting_files, refused: machines.refused_files }),
  ],
  [
    'machine_waiting_bytes',
    'Bytes of the files that wait on scraping machines, as each said last.',
    'gauge',
    ({ machines }) => single(machines.waiting_bytes),
  ],
  [
    'sources',
    'Sources by state: silent is one that has not been heard of for twice its interval, and is neither snoozed nor retired.',
    'gauge',
    ({ sources }) => byLabel('state', sources),
  ],
  [
    'conditions',
    'What needs a person, by kind: notices tell the same, and doctor what to do.',
    'gauge',
    ({ conditions }) => byLabel('kind', conditions),
  ],
  [
    'notices_waiting',
    'Notices that a receiver has not taken yet.',
    'gauge',
    ({ undelivered }) => byLabel('receiver', undelivered),
  ],
  [
    'source_received_timestamp_seconds',
    'When the latest scrape of a source was received; of the first 2,000 sources.',
    'gauge',
    ({ lastScrapes }) =>
      lastScrapes.map(({ company, store, at }) => ({ labels: { company, store }, value: at / 1000 })),
  ],
  ['catalogue_rows', 'How much there is in the catalogue.', 'gauge', ({ catalogue }) => byLabel('what', catalogue)],
  [
    'database_bytes',
    'Size of a database on the disk, with its log where that is its own.',
    'gauge',
    ({ databases }) =>
      databases.map(({ name, bytes, log_bytes }) => ({ labels: { database: name }, value: bytes + log_bytes })),
  ],
]

function measuresOfDisk({ inbox }: Services): Measure[] {
  const part = 'disk'
  const free = async () => single(await freeBytes(inbox.disk, inbox.folders.inbox))
  return [
    { name: 'splitcart_disk_free_bytes', help: 'Free disk of the inbox.', type: 'gauge', part, sample: free },
    {
      name: 'splitcart_disk_kept_bytes',
      help: 'Uploads are refused while less of the disk is free.',
      type: 'gauge',
      part,
      sample: async () => single(inbox.diskBytesKept),
    },
  ]
}

function measuresOfShared(services: Services): Measure[] {
  const inbox = inboxOf(services.inbox)
  if (!inbox.isShared) return []
  const shared = { type: 'gauge', isShared: true, part: 'inbox' } as const
  return [
    {
      ...shared,
      name: 'splitcart_work_items',
      help: 'Uploads in the inbox of the fleet: waiting, claimed by a loader, and claimed again after a loader fell silent.',
      sample: async () => {
        const { waiting, claimed, redelivered } = (await inbox.status()).work!
        return byLabel('state', { waiting, claimed, redelivered })
      },
    },
    {
      ...shared,
      name: 'splitcart_work_oldest_seconds',
      help: 'How long the oldest upload has been in the inbox of the fleet; 0 when there is none.',
      sample: async () => {
        const { oldest } = (await inbox.status()).work!
        return secondsSince(oldest, services.inbox.now())
      },
    },
  ]
}

function byLabel(label: string, numbers: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(numbers).map(([name, value]) => ({ labels: { [label]: name }, value }))
}

function single(value: number): Sample[] {
  return [{ value }]
}

function timestamp(ms: number | null): Sample[] {
  return [{ value: ms === null ? null : ms / 1000 }]
}

/** The seconds from `since` to now; 0 if `since` is null or in the future. */
function secondsSince(since: number | null, now: number): Sample[] {
  return single(since === null ? 0 : Math.max(0, now - since) / 1000)
}
