/** The API keys of the server. Only the SHA-256 of a key is stored: a random secret needs no slow hash. */
import { timingSafeEqual } from 'node:crypto'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { sql } from 'kysely'
import { audit } from './audit.ts'
import type { LedgerDatabase, LedgerTables } from './database.ts'
import type { GroupCommit } from './group-commit.ts'
import { keyIdOf, makeKey, sha256Of } from './key-format.ts'

export const SCOPES = ['upload', 'read', 'admin'] as const

export type Scope = (typeof SCOPES)[number]

/** The principal of a request: its key, the key's name, and its rights, as in `NewKey`. */
export type Principal = Readonly<{
  keyId: string
  name: string
  scopes: ReadonlySet<Scope>
  onlyFor: readonly string[] | null
  onlyFrom: readonly string[] | null
}>

/** A key that is neither revoked nor expired. `expiresAt` is infinite if it never expires. */
export type WorkingKey = Readonly<{ principal: Principal; secretSha256: string; expiresAt: number }>

/**
 * The rights of a new key. `onlyFor`: companies, or stores as company/store, whose rows it may send; `onlyFrom`:
 * addresses and networks it may be used from; null: all. Times in milliseconds.
 */
export type NewKey = Readonly<{
  name: string
  scopes: readonly Scope[]
  onlyFor: readonly string[] | null
  onlyFrom?: readonly string[] | null
  expiresAt: number | null
}>

/** The rights of a new key as text for the audit. */
export function describeRights({ name, scopes, onlyFor, onlyFrom = null }: NewKey): string {
  const what = onlyFor === null ? '' : ` for ${onlyFor.join(', ')}`
  return `${name}: ${scopes.join(', ')}${what}${onlyFrom === null ? '' : ` from ${onlyFrom.join(', ')}`}`
}

/** A key that was just made. The text is the secret. */
export type KeyWithText = Readonly<{ id: string; text: string }>

export type KeyRecord = Omit<LedgerTables['api_key'], 'secret_sha256'>

const NEVER = Number.POSITIVE_INFINITY

/** The id of the key in API_SECRET_KEY. It is not in the table of keys. */
export const SETTINGS_KEY_ID = 'settings'

/** The principal of requests with the key in API_SECRET_KEY. */
export const SETTINGS_PRINCIPAL: Principal = {
  keyId: SETTINGS_KEY_ID,
  name: 'API_SECRET_KEY',
  scopes: new Set(SCOPES),
  onlyFor: null,
  onlyFrom: null,
}

// The columns that make a `Principal`.
const PRINCIPAL_COLUMNS = ['id', 'name', 'scopes', 'only_for', 'only_from'] as const

type PrincipalColumns = Pick<LedgerTables['api_key'], (typeof PRINCIPAL_COLUMNS)[number]>

const RECORD_COLUMNS = [
  ...PRINCIPAL_COLUMNS,
  'created_at',
  'expires_at',
  'revoked_at',
  'rotated_to',
  'last_used_at',
  'last_used_from',
] as const

const USE_RECORDED_EVERY_MS = 60_000
const ADDRESSES_PER_HOUR_MAX = 10

/** The addresses from which a key was used within an hour that began at `since`, and when each was last recorded. */
type KeyUses = Readonly<{ since: number; addresses: Map<string, number> }>

const NO_SHA256 = '0'.repeat(64)

/** The keys in the ledger. */
export class Keys {
  readonly #database: LedgerDatabase
  readonly #commits: GroupCommit
  readonly #settingsKeySha256: string
  readonly #uses = new Map<string, KeyUses>()

  /** `settingsKey` is API_SECRET_KEY: a key with every scope. */
  constructor(database: LedgerDatabase, commits: GroupCommit, settingsKey: string | undefined) {
    this.#database = database
    this.#commits = commits
    this.#settingsKeySha256 = settingsKey === undefined ? NO_SHA256 : sha256Of(settingsKey)
  }

  /** Makes a key and returns its text, which cannot be recovered later. `by`: the maker, for the audit. */
  async create(wanted: NewKey, now: number, by?: string): Promise<KeyWithText> {
    const key = makeKey()
    await this.#database.transaction().execute(async (transaction) => {
      await insertKey(transaction, key, wanted, now)
      const entry = { at: now, what: 'key created', about: key.id, detail: describeRights(wanted) }
      if (by !== undefined) await audit(transaction, { ...entry, who: by })
    })
    return key
  }

  /**
   * Makes a successor with the same rights and lifetime; the old key works until `until` at most. One transaction: a
   * crash leaves no key whose text was never returned. Undefined: no such key works, or it has a successor already.
   */
  rotate(id: string, until: number, now: number, by?: string): Promise<KeyWithText | undefined> {
    const made = makeKey()
    return this.#database.transaction().execute(async (transaction) => {
      const old = await transaction.selectFrom('api_key').selectAll().where('id', '=', id).executeTakeFirst()
      if (old === undefined || !isWorkingKey(old, now)) return undefined
      const expires_at = Math.min(until, old.expires_at ?? until)
      const replace = transaction.updateTable('api_key').set({ rotated_to: made.id, expires_at }).where('id', '=', id)
      if ((await replace.where('rotated_to', 'is', null).executeTakeFirst()).numUpdatedRows === 0n) return undefined
      const scopes = old.scopes.split(',') as Scope[]
      const [onlyFor, onlyFrom] = [parseLines(old.only_for), parseLines(old.only_from)]
      const expiresAt = old.expires_at === null ? null : now + (old.expires_at - old.created_at)
      await insertKey(transaction, made, { name: old.name, scopes, onlyFor, onlyFrom, expiresAt }, now)
      const detail = `replaced by ${made.id}, works until ${new Date(expires_at).toISOString()}`
      if (by !== undefined) await audit(transaction, { at: now, who: by, what: 'key rotated', about: id, detail })
      return made
    })
  }

  /**
   * The principal of a key, or undefined. Every well-formed key takes the same time: for an unknown id a neighbour is
   * read and compared, and no check is skipped once another has failed.
   */
  async authenticate(text: string, now: number): Promise<Principal | undefined> {
    const sha256 = sha256Of(text)
    if (isEqual(sha256, this.#settingsKeySha256)) return SETTINGS_PRINCIPAL
    const id = keyIdOf(text)
    if (id === undefined) return undefined
    const key = await this.#nearest(id)
    if (key === undefined) return undefined
    const isInForce = [key.is_revoked === 0, key.ends_at > now]
    const isRight = [isEqual(id, key.id), isEqual(sha256, key.secret_sha256), ...isInForce]
    const principal = principalOf(key)
    return isRight.includes(false) ? undefined : principal
  }

  /** Looks a working key up by its id, without its secret: only for a caller that was authenticated before. */
  async findWorking(id: string, now: number): Promise<WorkingKey | undefined> {
    if (id === SETTINGS_KEY_ID) {
      if (this.#settingsKeySha256 === NO_SHA256) return undefined
      return { principal: SETTINGS_PRINCIPAL, secretSha256: this.#settingsKeySha256, expiresAt: NEVER }
    }
    const key = await this.#database.selectFrom('api_key').selectAll().where('id', '=', id).executeTakeFirst()
    if (key === undefined || !isWorkingKey(key, now)) return undefined
    return { principal: principalOf(key), secretSha256: key.secret_sha256, expiresAt: key.expires_at ?? NEVER }
  }

  /** The key with this id, else the one before it, else the first; none only if there are no keys at all. */
  #nearest(id: string) {
    // Numbers in every row: a null takes a different time to read, which would tell an ended key from an unknown one.
    const isRevoked = sql<number>`case when revoked_at is null then 0 else 1 end`
    const endsAt = sql<number>`coalesce(expires_at, ${sql.lit(Number.MAX_SAFE_INTEGER)})`
    const first = sql`(select min(id) from api_key)`
    return this.#database
      .selectFrom('api_key')
      .select([...PRINCIPAL_COLUMNS, 'secret_sha256', isRevoked.as('is_revoked'), endsAt.as('ends_at')])
      .where('id', '<=', sql<string>`case when ${id} < ${first} then ${first} else ${id} end`)
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst()
  }

  /**
   * Records when and from where a key was used: once a minute per address, because each record costs a sync of the
   * disk. If a key has more addresses than one machine would, the audit gets only the first ones of each hour.
   */
  async recordUse(id: string, address: string, now: number): Promise<void> {
    const uses = this.#usesOf(id, now)
    if (now - (uses.addresses.get(address) ?? Number.NEGATIVE_INFINITY) < USE_RECORDED_EVERY_MS) return
    const isNew = !uses.addresses.has(address)
    if (isNew && uses.addresses.size >= ADDRESSES_PER_HOUR_MAX) return
    uses.addresses.set(address, now)
    await this.#commits.write(async (transaction) => {
      const key = await transaction
        .selectFrom('api_key')
        .select('last_used_from')
        .where('id', '=', id)
        .executeTakeFirst()
      if (key === undefined) return
      const set = { last_used_at: now, last_used_from: address }
      await transaction.updateTable('api_key').set(set).where('id', '=', id).execute()
      if (isNew && key.last_used_from !== address)
        await audit(transaction, { at: now, who: id, what: 'key used from a new address', about: id, detail: address })
    })
  }

  #usesOf(id: string, now: number): KeyUses {
    const known = this.#uses.get(id)
    if (known !== undefined && now - known.since < HOUR_MS) return known
    // The last address is carried over: it is not new in the next hour.
    const [last] = [...(known?.addresses ?? [])].slice(-1)
    const uses = { since: now, addresses: new Map(last === undefined ? [] : [[last[0], last[1]]]) }
    this.#uses.set(id, uses)
    return uses
  }

  /** The keys after `behind` (time, id), oldest first, without the hashes of their secrets. */
  list(behind: readonly [number, string] = [-1, ''], limit: number = Number.MAX_SAFE_INTEGER): Promise<KeyRecord[]> {
    const [at, id] = behind
    return this.#database
      .selectFrom('api_key')
      .select(RECORD_COLUMNS)
      .where(({ or, and, eb }) => or([eb('created_at', '>', at), and([eb('created_at', '=', at), eb('id', '>', id)])]))
      .orderBy('created_at')
      .orderBy('id')
      .limit(limit)
      .execute()
  }

  /** The key with an id. */
  find(id: string): Promise<KeyRecord | undefined> {
    return this.#database.selectFrom('api_key').select(RECORD_COLUMNS).where('id', '=', id).executeTakeFirst()
  }

  /** Revokes a key for ever; false if there is no key with this id or it is revoked already. */
  async revoke(id: string, now: number): Promise<boolean> {
    return isRevoked(await revokeOne(this.#database, id, now))
  }

  /** Revokes a key and its chain of successors; returns the ids of those that were not revoked yet. */
  revokeWithSuccessors(id: string, now: number): Promise<string[]> {
    return this.#database.transaction().execute(async (transaction) => {
      const revoked: string[] = []
      for (let next: string | null = id; next !== null; ) {
        if (isRevoked(await revokeOne(transaction, next, now))) revoked.push(next)
        next = await successorOf(transaction, next)
      }
      return revoked
    })
  }
}

async function successorOf(database: LedgerDatabase, id: string): Promise<string | null> {
  const key = await database.selectFrom('api_key').select('rotated_to').where('id', '=', id).executeTakeFirst()
  return key?.rotated_to ?? null
}

function revokeOne(database: LedgerDatabase, id: string, now: number) {
  const revoke = database.updateTable('api_key').set({ revoked_at: now }).where('id', '=', id)
  return revoke.where('revoked_at', 'is', null).executeTakeFirst()
}

function isRevoked({ numUpdatedRows }: { numUpdatedRows: bigint }): boolean {
  return numUpdatedRows === 1n
}

/** Inserts a key, in the caller's transaction. */
export async function insertKey(
  database: LedgerDatabase,
  key: KeyWithText,
  wanted: NewKey,
  now: number,
): Promise<void> {
  const { name, scopes, onlyFor, onlyFrom = null, expiresAt } = wanted
  await database
    .insertInto('api_key')
    .values({
      id: key.id,
      name,
      secret_sha256: sha256Of(key.text),
      scopes: scopes.join(','),
      only_for: onlyFor?.join('\n') ?? null,
      only_from: onlyFrom?.join('\n') ?? null,
      created_at: now,
      expires_at: expiresAt,
    })
    .execute()
}

function principalOf({ id, name, only_for, only_from, ...key }: PrincipalColumns): Principal {
  const scopes = new Set(key.scopes.split(',') as Scope[])
  return { keyId: id, name, scopes, onlyFor: parseLines(only_for), onlyFrom: parseLines(only_from) }
}

function isEqual(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(one), Buffer.from(other))
}

function isWorkingKey({ revoked_at, expires_at }: Pick<KeyRecord, 'revoked_at' | 'expires_at'>, now: number): boolean {
  return revoked_at === null && (expires_at ?? NEVER) > now
}

/** The values of a column that holds one value a line; null: no limit. */
export function parseLines(text: string | null): readonly string[] | null {
  return text === null ? null : text.split('\n')
}
