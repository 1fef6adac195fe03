/**
 * The settings of both machines: one table, from which come the flags, the environment variables, docs/settings.md and the
 * check. A value is taken from the flag, else the environment, else `.env` (which the command line reads into the
 * environment), else the default.
 */
import { isAbsolute, join, resolve } from 'node:path'
import { LOG_LEVELS } from './log.ts'
import { Problem } from './problem.ts'

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
    text,
    undefined,
    'a file that holds API_SECRET_KEY and that only its owner may read; - is standard input',
  ),
  SCRAPING_DATA_DIR: setting('scraping', text, 'scraping/data', 'the folder of product_outbox and the archive'),
  UPLOAD_TRIES_MAX: setting(
    'scraping',
    whole(1),
    '5',
    'how often upload-data tries a file before it gives up for this run',
  ),
  UPLOAD_WATCH_SECONDS: setting(
    'scraping',
    whole(1),
    '15',
    'the longest wait between two looks at the outbox with --watch',
  ),
  UPLOAD_CONCURRENCY: setting('scraping', whole(1, 32), '1', 'how many files upload-data sends at once'),
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
    whole(0),
    '30',
    'for how many days after its load a file stays when "archive prune" clears the archive',
  ),
  RESUMABLE_BYTES_MIN: setting(
    'scraping',
    whole(0),
    String(4 * MIB),
    'compressed files from this size on are sent so that a cut transfer can be resumed',
  ),
  DATA_MANAGEMENT_DATA_DIR: setting(
    'data-management',
    text,
    'data_management/data',
    'the folder of product_inbox and the databases',
  ),
  DATABASE_URL: setting(
    'data-management',
    text,
    undefined,
    'the catalogue; sqlite:<data dir>/catalogue.db where it is not set',
  ),
  INBOX_URL: setting('data-management', text, undefined, 'the inbox; file:<data dir> where it is not set'),
  HOST: setting('data-management', text, '127.0.0.1', 'the address that serve listens on'),
  PORT: setting('data-management', whole(0, 65535), '8000', 'the port that serve listens on'),
  BODY_BYTES_MAX: setting('data-management', whole(1), String(512 * MIB), 'the largest compressed upload'),
  CONTENT_BYTES_MAX: setting('data-management', whole(1), String(8 * GIB), 'the largest decompressed upload'),
  LINE_BYTES_MAX: setting('data-management', whole(1024), String(MIB), 'the longest line; longer ones are rejects'),
  DISK_BYTES_KEPT: setting('data-management', whole(0), String(GIB), 'the free disk that uploads leave'),
  INBOX_FILES_MAX: setting(
    'data-management',
    whole(1),
    '10000',
    'how many files may wait to be loaded; further ones are put off',
  ),
  INBOX_BYTES_MAX: setting(
    'data-management',
    whole(1),
    String(64 * GIB),
    'how many bytes may wait to be loaded; further ones are put off',
  ),
  INBOX_HOURS_MAX: setting(
    'data-management',
    whole(1),
    '168',
    'how long the oldest may wait to be loaded before further ones are put off',
  ),
  BODY_IDLE_SECONDS_MAX: setting('data-management', whole(1), '60', 'the longest time without a byte of an upload'),
  RESUMABLE_COUNT_MAX: setting('data-management', whole(1), '16', 'how many unfinished uploads a key may have'),
  RESUMABLE_KEY_BYTES_MAX: setting(
    'data-management',
    whole(1),
    String(4 * GIB),
    'how large the unfinished uploads of a key may become together',
  ),
  RESUMABLE_BYTES_MAX: setting(
    'data-management',
    whole(1),
    String(16 * GIB),
    'how large the unfinished uploads of all keys may become together',
  ),
  RESUMABLE_HOURS_MAX: setting('data-management', whole(1), '72', 'for how many hours unfinished uploads are kept'),
  HOLD_ROWS_MIN: setting(
    'data-management',
    whole(0),
    '20',
    'a scrape is compared with the one before it when that had as many rows',
  ),
  HOLD_ROWS_SHARE: setting(
    'data-management',
    share,
    '0.5',
    'a scrape with a smaller share of the rows of the one before it is held',
  ),
  HOLD_REJECTS_SHARE: setting('data-management', share, '0.2', 'a file with a larger share of rejected rows is held'),
  PROCESSED_DAYS_MAX: setting('data-management', whole(1), '90', 'for how many days loaded files are kept for replay'),
  LOG_LEVEL: setting('both', oneOf(LOG_LEVELS), 'info', 'how much is logged on stderr'),
} as const

export type SettingName = keyof typeof SETTINGS
export type Settings = Readonly<{ [Name in SettingName]: Value<Name> }>

type Table = typeof SETTINGS
type Value<Name extends SettingName> =
  | ReturnType<Table[Name]['read']>
  | (Table[Name] extends { fallback: string } ? never : undefined)

type Texts = Readonly<Record<string, string | undefined>>

/** Reads all settings, with flags (by setting name) before the environment, or throws one `settings_invalid` that names every fault. */
export function readSettings(environment: Texts, flags: Texts = {}, required: readonly SettingName[] = []): Settings {
  const faults: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, { read, fallback, about, ...rest }] of Object.entries(
    SETTINGS as Record<string, Setting<unknown>>,
  )) {
    const given = flags[name] ?? (environment[name] === '' ? undefined : environment[name]) ?? fallback
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

/** Joins the path of a resource to the address of a server: any path or trailing slash of the address is kept once. */
export function urlOf(server: URL, resource: string): URL {
  const joined = new URL(server)
  joined.pathname = `${server.pathname.replace(/\/+$/, '')}/${resource.replace(/^\/+/, '')}`
  joined.search = ''
  joined.hash = ''
  return joined
}

/** The file of a `sqlite:` address, relative to the working directory; throws `settings_invalid` for another kind of database. */
export function databaseFile(settings: Pick<Settings, 'DATABASE_URL' | 'DATA_MANAGEMENT_DATA_DIR'>): string {
  const address = settings.DATABASE_URL
  if (address === undefined) return resolve(join(settings.DATA_MANAGEMENT_DATA_DIR, 'catalogue.db'))
  const path = /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(address)?.[1]
  if (path === undefined)
    throw new Problem('settings_invalid', `\n  DATABASE_URL: expected sqlite:<path>, got "${withoutPassword(address)}"`)
  return isAbsolute(path) ? path : resolve(path)
}

function withoutPassword(address: string): string {
  return address.replace(/:\/\/.*@/, '://…@')
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

function text(value: string): string {
  return value
}

// Of any length: a sender may hold whatever it was given, and hears from the server that it is wrong. What guards a server is checked there.
function key(value: string): string {
  if (!/^[\x21-\x7e]+$/.test(value)) throw new Error('printable ASCII characters without spaces')
  return value
}

function url(value: string): URL {
  const parsed = URL.canParse(value) ? new URL(value) : undefined
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) throw new Error('an http or https address')
  if (parsed.username !== '' || parsed.password !== '') throw new Error('an address without user name and password')
  return parsed
}

function whole(min: number, max: number = Number.MAX_SAFE_INTEGER): (value: string) => number {
  return (value) => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
    if (!(number >= min && number <= max))
      throw new Error(`a whole number from ${min}${max < Number.MAX_SAFE_INTEGER ? ` to ${max}` : ''}`)
    return number
  }
}

// As curl and wget have it: k is 1024 bytes. Less than 1k is a typing error.
function rate(value: string): number {
  const { digits = '', unit = '' } = /^(?<digits>\d{1,9})(?<unit>[kKmM]?)$/.exec(value)?.groups ?? {}
  const bytes = Number(digits) * ({ k: KIB, m: MIB }[unit.toLowerCase()] ?? 1)
  if (bytes < KIB) throw new Error('bytes a second, at least 1k, such as 500k or 2M')
  return bytes
}

function share(value: string): number {
  const number = /^(0|1|0?\.\d+|1\.0+)$/.test(value) ? Number(value) : Number.NaN
  if (!(number >= 0 && number <= 1)) throw new Error('a share from 0 to 1')
  return number
}

function oneOf<const Word extends string>(words: readonly Word[]): (value: string) => Word {
  return (value) => {
    if (!(words as readonly string[]).includes(value)) throw new Error(`one of ${words.join(', ')}`)
    return value as Word
  }
}
