/**
 * The browsers that signed in with a key.
 *
 * Invariants:
 *  1. Of a session's token only the SHA-256 is stored; a reader of the ledger cannot take over a session.
 *  2. A session never outlives its key: each use checks that the key works and still has the same secret.
 *  3. A session ends a while after its last use, and at the latest a longer while after it was opened. Its use is recorded
 *     once a day at most, because each record costs a sync of the disk.
 */
import { randomBytes } from 'node:crypto'
import { Problem } from '@splitcart/shared/problem.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { LedgerDatabase } from './database.ts'
import { sha256Of } from './key-format.ts'
import { type Keys, type Principal, SETTINGS_PRINCIPAL } from './keys.ts'

/** The principal of a session, and when it ends at the latest (milliseconds since 1970). */
export type Session = Readonly<{ principal: Principal; expiresAt: number }>

/** A browser that is signed in. Times in milliseconds since 1970. */
export type OpenSession = Readonly<{ id: string; keyId: string; name: string; openedAt: number; endsAt: number }>

const TOKEN_BYTES = 32
const SESSION_MS = 30 * DAY_MS
const SESSION_MS_MAX = 90 * DAY_MS
const ID_CHARACTERS = 32
const SESSIONS_PER_KEY_MAX = 100

/** The sessions in the ledger. */
export class Sessions {
  readonly #database: LedgerDatabase
  readonly #keys: Keys

  constructor(database: LedgerDatabase, keys: Keys) {
    this.#database = database
    this.#keys = keys
  }

  /** Opens a session for a key that was just authenticated; returns its token, which cannot be recovered later. */
  async open(keyId: string, now: number): Promise<{ token: string; expiresAt: number }> {
    const key = await this.#keys.findWorking(keyId, now)
    if (key === undefined) throw new Problem('key_refused')
    const token = randomBytes(TOKEN_BYTES).toString('base64url')
    await this.#removeSurplus(keyId, now)
    await this.#database
      .insertInto('session')
      .values({
        token_sha256: sha256Of(token),
        key_id: keyId,
        key_mark: keyMark(token, key.secretSha256),
        created_at: now,
        expires_at: now + SESSION_MS,
      })
      .execute()
    return { token, expiresAt: Math.min(now + SESSION_MS, key.expiresAt) }
  }

  /** The session of a token, or undefined when there is none, it has ended, or its key works no more. */
  async find(token: string, now: number): Promise<Session | undefined> {
    const token_sha256 = sha256Of(token)
    const found = await this.#database
      .selectFrom('session')
      .selectAll()
      .where('token_sha256', '=', token_sha256)
      .executeTakeFirst()
    if (found === undefined || found.expires_at <= now) return undefined
    const key = await this.#keys.findWorking(found.key_id, now)
    if (key === undefined || keyMark(token, key.secretSha256) !== found.key_mark) return undefined
    const end = found.created_at + SESSION_MS_MAX
    const isLong = found.expires_at > Math.min(end, now + SESSION_MS) - DAY_MS
    const expires_at = Math.min(end, isLong ? found.expires_at : now + SESSION_MS)
    if (expires_at <= now) return undefined
    if (!isLong)
      await this.#database.updateTable('session').set({ expires_at }).where('token_sha256', '=', token_sha256).execute()
    return { principal: key.principal, expiresAt: Math.min(expires_at, key.expiresAt) }
  }

  /** Ends a session; false when there is none. */
  async end(token: string): Promise<boolean> {
    const result = await this.#database
      .deleteFrom('session')
      .where('token_sha256', '=', sha256Of(token))
      .executeTakeFirst()
    return result.numDeletedRows === 1n
  }

  /** The open sessions, newest first; their ids reveal nothing of their tokens. */
  async list(now: number, max: number): Promise<OpenSession[]> {
    const found = await this.#database
      .selectFrom('session')
      .leftJoin('api_key', 'api_key.id', 'session.key_id')
      .select(['token_sha256', 'key_id', 'name', 'session.created_at as opened_at', 'session.expires_at as ends_at'])
      .where('session.expires_at', '>', now)
      .orderBy('opened_at', 'desc')
      .limit(max)
      .execute()
    return found.map(({ token_sha256, key_id, name, opened_at, ends_at }) => {
      const shown = key_id === SETTINGS_PRINCIPAL.keyId ? SETTINGS_PRINCIPAL.name : (name ?? key_id)
      return {
        id: token_sha256.slice(0, ID_CHARACTERS),
        keyId: key_id,
        name: shown,
        openedAt: opened_at,
        endsAt: ends_at,
      }
    })
  }

  /** Ends the session with an id; returns the id of its key, or undefined if there is no such session. */
  async endById(id: string): Promise<string | undefined> {
    if (!/^[0-9a-f]{32}$/.test(id)) return undefined
    const remove = this.#database.deleteFrom('session').where('token_sha256', 'like', `${id}%`)
    return (await remove.returning('key_id').executeTakeFirst())?.key_id
  }

  /** Removes sessions that have ended, and the oldest ones of a key that has too many. */
  async #removeSurplus(keyId: string, now: number): Promise<void> {
    await this.#database.deleteFrom('session').where('expires_at', '<=', now).execute()
    const surplus = this.#database
      .selectFrom('session')
      .select('token_sha256')
      .where('key_id', '=', keyId)
      .orderBy('created_at', 'desc')
      .limit(SESSIONS_PER_KEY_MAX)
      .offset(SESSIONS_PER_KEY_MAX - 1)
    await this.#database.deleteFrom('session').where('token_sha256', 'in', surplus).execute()
  }
}

/** A hash that ties a session to its key. It includes the token, which is not stored: keys cannot be tested on it. */
function keyMark(token: string, secretSha256: string): string {
  return sha256Of(`${token} ${secretSha256}`)
}
