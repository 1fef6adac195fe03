/**
 * One-time codes: the first request that presents one within ten minutes gets a new key. So no key is carried from the
 * server to another machine through chats, histories and clipboards.
 *
 * Invariants:
 *  1. Of a code only the SHA-256 is stored; a reader of the ledger cannot take a key.
 *  2. A code makes one key: its use and the key are recorded in one transaction.
 */
import { createHash, randomInt } from 'node:crypto'
import { Problem } from '@splitcart/shared/problem.ts'
import { MINUTE_MS } from '@splitcart/shared/time.ts'
import { audit } from './audit.ts'
import type { LedgerDatabase } from './database.ts'
import { makeKey } from './key-format.ts'
import { describeRights, insertKey, type KeyWithText, type NewKey, parseLines, type Scope } from './keys.ts'

// Without letters that are easily confused: 0 O, 1 I L, U V.
const LETTERS = '23456789ABCDEFGHJKMNPQRSTWXYZ'
const GROUPS = 3
const GROUP_LETTERS = 4

/** How long a code is valid. */
const CODE_MINUTES = 10
const USED = 'it was used already'
const CODES_KEPT_MS = 30 * 24 * 60 * MINUTE_MS

/** A new code, and when it expires (milliseconds since 1970). */
export type Invitation = Readonly<{ code: string; expiresAt: number }>

/** The invitations in the ledger. */
export class Invitations {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** Makes a code for a key and returns it; it cannot be recovered later. `by`: the maker, for the audit. */
  async create(wanted: NewKey, now: number, by: string): Promise<Invitation> {
    const code = newCode()
    const expiresAt = now + CODE_MINUTES * MINUTE_MS
    await this.#database.transaction().execute(async (transaction) => {
      await transaction
        .deleteFrom('invitation')
        .where('expires_at', '<', now - CODES_KEPT_MS)
        .execute()
      await transaction
        .insertInto('invitation')
        .values({
          code_sha256: sha256Of(code),
          name: wanted.name,
          scopes: wanted.scopes.join(','),
          only_for: wanted.onlyFor?.join('\n') ?? null,
          only_from: wanted.onlyFrom?.join('\n') ?? null,
          key_expires_at: wanted.expiresAt,
          created_at: now,
          expires_at: expiresAt,
        })
        .execute()
      await audit(transaction, {
        at: now,
        who: by,
        what: 'key invited',
        about: wanted.name,
        detail: describeRights(wanted),
      })
    })
    return { code, expiresAt }
  }

  /** Exchanges a code for its key; `from` is the address of the request. Throws `code_refused`. */
  async redeem(code: string, from: string, now: number): Promise<KeyWithText> {
    const made = makeKey()
    const code_sha256 = sha256Of(code)
    // Checked first by a read, so that guesses cost no write transaction.
    const refusal = await refusalOf(this.#database, code_sha256, now)
    if (refusal !== undefined) throw new Problem('code_refused', refusal)
    return await this.#database.transaction().execute(async (transaction) => {
      const invitations = transaction.updateTable('invitation').where('code_sha256', '=', code_sha256)
      const open = invitations.where('used_at', 'is', null).where('expires_at', '>', now)
      const taken = await open.set({ used_at: now, key_id: made.id }).returningAll().executeTakeFirst()
      if (taken === undefined) throw new Problem('code_refused', USED)
      const wanted: NewKey = {
        name: taken.name,
        scopes: taken.scopes.split(',') as Scope[],
        onlyFor: parseLines(taken.only_for),
        onlyFrom: parseLines(taken.only_from),
        expiresAt: taken.key_expires_at,
      }
      await insertKey(transaction, made, wanted, now)
      const detail = `${describeRights(wanted)}; by a code, from ${from}`
      await audit(transaction, { at: now, who: made.id, what: 'key created', about: made.id, detail })
      return made
    })
  }
}

/** Why a code is refused; undefined if it is valid. */
async function refusalOf(database: LedgerDatabase, code_sha256: string, now: number): Promise<string | undefined> {
  const found = await database
    .selectFrom('invitation')
    .select(['used_at', 'expires_at'])
    .where('code_sha256', '=', code_sha256)
    .executeTakeFirst()
  if (found === undefined) return 'there is no such code'
  if (found.used_at !== null) return USED
  return found.expires_at > now ? undefined : `it is older than ${CODE_MINUTES} minutes`
}

/** People read codes aloud and type them: only letters and digits count. */
function sha256Of(code: string): string {
  const letters = code.toUpperCase().replace(/[^0-9A-Z]/g, '')
  return createHash('sha256').update(`invitation ${letters}`).digest('hex')
}

function newCode(): string {
  const group = () => Array.from({ length: GROUP_LETTERS }, () => LETTERS[randomInt(LETTERS.length)]).join('')
  return Array.from({ length: GROUPS }, group).join('-')
}
