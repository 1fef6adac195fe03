/**
 * The browsers that signed in with a key.
 *
 * Invariants:
 *  1. Of a session's token only the SHA-256 is stored; who reads the ledger cannot become anybody.
 *  2. A session never outlives its key: whether that works is looked at each time, and that it still is the same one.
 *  3. A session ends some time after it was last used. That is written once a day at most, for each record costs the disk a sync.
 */
import { createHash, randomBytes } from 'node:crypto'
import { Problem } from '@splitcart/shared/problem.ts'
import type { LedgerDatabase } from './database.ts'
import type { Keys, Sender } from './keys.ts'

/** Whose session it is, and until when at the latest (milliseconds since 1970). */
export type Session = Readonly<{ sender: Sender; expiresAt: number }>

const TOKEN_BYTES = 32
const DAY_MS = 86_400_000
const SESSION_MS = 30 * DAY_MS
const SESSIONS_PER_KEY_MAX = 100

/** The sessions in the ledger. */
export class Sessions {
  readonly #database: LedgerDatabase
  readonly #keys: Keys

  constructor(database: LedgerDatabase, keys: Keys) {
    this.#database = database
    this.#keys = keys
  }

  /** Opens a session for a key that was just recognised, and returns its token, which nobody can find out again. */
  async open(keyId: string, now: number): Promise<{ token: string; expiresAt: number }> {
    const key = await this.#keys.working(keyId, now)
    if (key === undefined) throw new Problem('key_refused')
    const token = randomBytes(TOKEN_BYTES).toString('base64url')
    await this.#makeRoom(keyId, now)
    await this.#database
      .insertInto('session')
      .values({
        token_sha256: sha256Of(token),
        key_id: keyId,
        key_mark: markOf(token, key.secretSha256),
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
    const key = await this.#keys.working(found.key_id, now)
    if (key === undefined || markOf(token, key.secretSha256) !== found.key_mark) return undefined
    const isLong = found.expires_at > now + SESSION_MS - DAY_MS
    const expires_at = isLong ? found.expires_at : now + SESSION_MS
    if (!isLong)
      await this.#database.updateTable('session').set({ expires_at }).where('token_sha256', '=', token_sha256).execute()
    return { sender: key.sender, expiresAt: Math.min(expires_at, key.expiresAt) }
  }

  /** Ends a session; false when there is none. */
  async end(token: string): Promise<boolean> {
    const result = await this.#database
      .deleteFrom('session')
      .where('token_sha256', '=', sha256Of(token))
      .executeTakeFirst()
    return result.numDeletedRows === 1n
  }

  /** Removes what has ended, and the oldest of a key's sessions when they are too many. */
  async #makeRoom(keyId: string, now: number): Promise<void> {
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

/** What ties a session to its key. Made with the token, which is stored nowhere, so that nobody can try keys against it. */
function markOf(token: string, secretSha256: string): string {
  return sha256Of(`${token} ${secretSha256}`)
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
