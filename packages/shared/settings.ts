/**
 * The settings of both machines: one table that defines the flags, the environment variables, docs/settings.md and the
 * validation. Precedence: flag, environment, the settings files that the command line finds, default.
 */
import { isAbsolute, join, resolve } from 'node:path'
import { DAY_SETTINGS } from './day-settings.ts'
import { KINDS_ABOUT, LOADED_KIND_NAMES } from './kinds.ts'
import { LOG_SETTINGS } from './log-settings.ts'
import { NETWORK_SETTINGS } from './network-settings.ts'
import { NOTICE_SETTINGS } from './notice-settings.ts'
import { PAGE_SETTINGS } from './page-settings.ts'
import { withEncryption, withoutPassword, withRootCertificate } from './postgres-address.ts'
import { Problem } from './problem.ts'
import { RETENTION_SETTINGS } from './retention-settings.ts'
import { database, inbox, key, kinds, networks, path, rate, text, url, wholeNumber } from './setting-readers.ts'
import { HOLD_SETTINGS } from './truth/thresholds.ts'

export type Machine = 'scraping' | 'data-management' | 'both'

type Setting<T> = Readonly<{
  machine: Machine
  read: (text: string) => T
  fallback?: string
  about: string
  secret?: true
}>

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB

export const SETTINGS = {
  API_SERVER_URL: setting('scraping', url, undefined, 'where upload-data sends files, e.g. https://data.example.org'),
  API_SECRET_KEY: secret(
    'both',
    key,
    'the key that upload-data sends; on the server, a key with every scope, for one-machine set-ups',
  ),
  API_SECRET_KEY_FILE: setting(
    'both',
    path,
    undefined,
    'a file that holds API_SECRET_KEY and that only its owner may read; - is standard input',
  ),
  SCRAPING_DATA_DIR: setting('scraping', path, 'scraping/data', 'the folder of product_outbox and the archive'),
  UPLOAD_TRIES_MAX: setting(
    'scraping',
    wholeNumber(1),
    '5',
    'how often upload-data tries a file before it gives up for this run',
  ),
  UPLOAD_WATCH_SECONDS: setting(
    'scraping',
    wholeNumber(1),
    '15',
    'the longest wait between two looks at the outbox with --watch',
  ),
  OUTBOX_REST_SECONDS: setting(
    'scraping',
    wholeNumber(0),
    '2',
    'how long a file in the outbox must be unchanged before it is sent, unless it was handed over whole; large ones, slow ones and those that end within a row need longer; 0: no rest',
  ),
  UPLOAD_CONCURRENCY: setting('scraping', wholeNumber(1, 32), '1', 'how many files upload-data sends at once'),
  UPLOAD_RATE_MAX: setting(
    'scraping',
    rate,
    undefined,
    'how many bytes upload-data sends a second, of all files together, e.g. 500k or 2M; no limit where it is not set',
  ),
  HEARTBEAT_URL: secret(
    'scraping',
    url,
    'an address that is asked (GET) after each good run of upload-data, so that a service notices when the runs stop',
  ),
  ARCHIVE_DAYS_MIN: setting(
    'scraping',
    wholeNumber(0),
    '30',
    'for how many days after its load a file stays when "archive prune" clears the archive',
  ),
  RESUMABLE_BYTES_MIN: setting(
    'scraping',
    wholeNumber(0),
    String(4 * MIB),
    'compressed files from this size on are sent so that a cut transfer can be resumed',
  ),
  DATA_MANAGEMENT_DATA_DIR: setting(
    'data-management',
    path,
    'data_management/data',
    'the folder of product_inbox and the databases',
  ),
  DATABASE_URL: setting(
    'data-management',
    database,
    undefined,
    'the catalogue: sqlite:<path>, or, with the ledger, postgres://<host>/<database>, with commas between several hosts of which the one that can be written is used; sqlite:<data dir>/catalogue.db where it is not set',
  ),
  INBOX_URL: setting(
    'data-management',
    inbox,
    undefined,
    'the inbox: nats://<host>,<host>,<host> where several machines share it (docs/fleet.md); file:<data dir> where it is not set',
  ),
  KINDS: setting('data-management', kinds, LOADED_KIND_NAMES.join(','), KINDS_ABOUT),
  HOST: setting('data-management', text, '127.0.0.1', 'the address that serve listens on'),
  PORT: setting('data-management', wholeNumber(0, 65535), '8000', 'the port that serve listens on'),
  BODY_BYTES_MAX: setting('data-management', wholeNumber(1), String(512 * MIB), 'the largest compressed upload'),
  CONTENT_BYTES_MAX: setting('data-management', wholeNumber(1), String(8 * GIB), 'the largest decompressed upload'),
  CONTENT_RATIO_MAX: setting(
    'data-management',
    wholeNumber(1),
    '1000',
    'how many times larger than its compressed form an upload of more than a MiB may be',
  ),
  LINES_MAX: setting('data-management', wholeNumber(1), '50000000', 'how many lines an upload may have'),
  LINE_BYTES_MAX: setting(
    'data-management',
    wholeNumber(1024),
    String(MIB),
    'the longest line; longer ones are rejects',
  ),
  DISK_BYTES_KEPT: setting('data-management', wholeNumber(0), String(GIB), 'the free disk that uploads leave'),
  INBOX_FILES_MAX: setting(
    'data-management',
    wholeNumber(1),
    '10000',
    'how many files may wait to be loaded; further ones are put off',
  ),
  INBOX_BYTES_MAX: setting(
    'data-management',
    wholeNumber(1),
    String(64 * GIB),
    'how many bytes may wait to be loaded; further ones are put off',
  ),
  INBOX_HOURS_MAX: setting(
    'data-management',
    wholeNumber(1),
    '168',
    'how long the oldest may wait to be loaded before further ones are put off',
  ),
  BODY_IDLE_SECONDS_MAX: setting(
    'data-management',
    wholeNumber(1),
    '60',
    'the longest time without a byte of an upload',
  ),
  UPLOADS_AT_ONCE_MAX: setting('data-management', wholeNumber(1), '8', 'how many uploads of a key may arrive at once'),
  REQUESTS_PER_MINUTE_MAX: setting(
    'data-management',
    wholeNumber(1),
    '600',
    'how many requests a key may make in a minute; those that bring a new file do not count',
  ),
  FAILURES_PER_MINUTE_MAX: setting(
    'data-management',
    wholeNumber(1),
    '20',
    'how many requests with a wrong key an address may make in a minute; further ones are told to wait, longer and longer',
  ),
  BODY_BYTES_PER_SECOND_MIN: setting(
    'data-management',
    wholeNumber(0),
    String(16 * KIB),
    'the slowest an upload may come, on average over the time waited for it, once that is 10 s; 0: however slow',
  ),
  SOCKETS_MAX: setting('data-management', wholeNumber(1), '8192', 'how many connections may be open'),
  SOCKETS_PER_ADDRESS_MAX: setting(
    'data-management',
    wholeNumber(1),
    '1024',
    'how many connections of one address may be open; those of TRUSTED_PROXIES are not counted',
  ),
  TRUSTED_PROXIES: setting(
    'data-management',
    networks,
    undefined,
    'the proxies whose X-Forwarded-For is believed: addresses and networks with commas between them, e.g. 127.0.0.1',
  ),
  TLS_CERT: setting(
    'data-management',
    path,
    undefined,
    'a file with the certificate chain (PEM): serve speaks https then; it is read again on SIGHUP',
  ),
  TLS_KEY: setting('data-management', path, undefined, 'a file with the private key of TLS_CERT (PEM)'),
  RESUMABLE_COUNT_MAX: setting('data-management', wholeNumber(1), '16', 'how many unfinished uploads a key may have'),
  RESUMABLE_KEY_BYTES_MAX: setting(
    'data-management',
    wholeNumber(1),
    String(4 * GIB),
    'how large the unfinished uploads of a key may become together',
  ),
  RESUMABLE_BYTES_MAX: setting(
    'data-management',
    wholeNumber(1),
    String(16 * GIB),
    'how large the unfinished uploads of all keys may become together',
  ),
  RESUMABLE_HOURS_MAX: setting(
    'data-management',
    wholeNumber(1),
    '72',
    'for how many hours unfinished uploads are kept',
  ),
  ...DAY_SETTINGS,
  ...HOLD_SETTINGS,
  ...RETENTION_SETTINGS,
  ...PAGE_SETTINGS,
  ...NOTICE_SETTINGS,
  ...NETWORK_SETTINGS,
  ...LOG_SETTINGS,
} as const

export type SettingName = keyof typeof SETTINGS
export type Settings = Readonly<{ [Name in SettingName]: Value<Name> }>

type Table = typeof SETTINGS
type Value<Name extends SettingName> =
  | ReturnType<Table[Name]['read']>
  | (Table[Name] extends { fallback: string } ? never : undefined)

type Texts = Readonly<Record<string, string | undefined>>

/** What a command needs: the settings of its `machine` (the other's get their defaults), and the `required` ones. */
export type SettingsRequest = Readonly<{ machine?: Machine; required?: readonly SettingName[] }>

/** Reads all settings; flags (by setting name) override the environment. One `settings_invalid` names every fault. */
export function readSettings(environment: Texts, flags: Texts = {}, wanted: SettingsRequest = {}): Settings {
  const { machine = 'both', required = [] } = wanted
  const faults: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, { read, fallback, about, ...rest }] of Object.entries(
    SETTINGS as Record<string, Setting<unknown>>,
  )) {
    const isOurs = machine === 'both' || rest.machine === 'both' || rest.machine === machine
    const set = flags[name] ?? (environment[name] === '' ? undefined : environment[name])
    const given = (isOurs ? set : undefined) ?? fallback
    if (given === undefined) {
      if (required.includes(name as SettingName)) faults.push(`${name} is required: ${about}`)
      continue
    }
    try {
      values[name] = read(given)
    } catch (error) {
      const shown = rest.secret ? 'a value that is not shown here' : JSON.stringify(withoutPassword(given))
      faults.push(`${name}: expected ${error instanceof Error ? error.message : error}, got ${shown}`)
    }
  }
  if (faults.length > 0) throw new Problem('settings_invalid', `\n  ${faults.join('\n  ')}`)
  return Object.freeze(values) as Settings
}

/** Appends the path of a resource to a server's URL, whose own path is kept; one slash stands in between. */
export function resourceUrl(server: URL, resource: string): URL {
  const joined = new URL(server)
  joined.pathname = `${server.pathname.replace(/\/+$/, '')}/${resource.replace(/^\/+/, '')}`
  joined.search = ''
  joined.hash = ''
  return joined
}

/** The absolute path of the catalogue's SQLite file; a relative `sqlite:` path starts at the working directory. */
export function databaseFile(settings: Pick<Settings, 'DATABASE_URL' | 'DATA_MANAGEMENT_DATA_DIR'>): string {
  const address = settings.DATABASE_URL
  if (address === undefined) return resolve(join(settings.DATA_MANAGEMENT_DATA_DIR, 'catalogue.db'))
  const file = address.replace(/^sqlite:(?:\/\/(?=\/))?/, '')
  return isAbsolute(file) ? file : resolve(file)
}

/**
 * The address of the PostgreSQL server that holds catalogue and ledger; undefined if both are SQLite files. Connections
 * beyond this machine are encrypted and the certificate is verified, unless the address itself says otherwise.
 */
export function databaseServer({
  DATABASE_URL: address,
  PGSSLROOTCERT: authority,
}: Pick<Settings, 'DATABASE_URL'> & Partial<Pick<Settings, 'PGSSLROOTCERT'>>): string | undefined {
  return address?.startsWith('postgres') ? withRootCertificate(withEncryption(address), authority) : undefined
}

/** The address of the NATS servers that a fleet shares as its inbox; undefined if the inbox is a folder. */
export function inboxServers({ INBOX_URL: address }: Pick<Settings, 'INBOX_URL'>): string | undefined {
  return address === undefined || address.startsWith('file:') ? undefined : address
}

function setting<T, F extends string | undefined>(
  machine: Machine,
  read: (text: string) => T,
  fallback: F,
  about: string,
) {
  return { machine, read, fallback, about } as const
}

function secret<T>(machine: Machine, read: (text: string) => T, about: string) {
  return { machine, read, fallback: undefined, about, secret: true } as const
}
