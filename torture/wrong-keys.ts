/** Keys that are well formed and wrong, each in a way of its own. */
import { makeKey, withChecksum } from '@splitcart/data-management/ledger/key-format.ts'
import type { Keys } from '@splitcart/data-management/ledger/keys.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'

// Of each kind so many, asked for by chance: one alone would stay in the processor's caches, and be told by that.
const KEYS_OF_A_KIND = 64

/** A key that opens, and for each kind of wrong key those that do not; the first kind is the one the others are compared with. */
export async function wrongKeys(keys: Keys) {
  const create = async (expiresAt: number | null) =>
    keys.create({ name: 'a key', scopes: ['upload', 'read'], onlyFor: null, expiresAt }, Date.now())
  const kinds: Record<string, string[]> = { 'unknown id': [], 'wrong secret': [], revoked: [], expired: [] }
  for (let number = 0; number < KEYS_OF_A_KIND; number++) {
    const revoked = await create(null)
    await keys.revoke(revoked.id, Date.now())
    kinds['unknown id']?.push(makeKey().text)
    kinds['wrong secret']?.push(ofOtherSecret((await create(null)).id))
    kinds.revoked?.push(revoked.text)
    kinds.expired?.push((await create(Date.now() - DAY_MS)).text)
  }
  return { honest: (await create(null)).text, kinds }
}

/** A key with this id and a secret that is not its own. */
function ofOtherSecret(id: string): string {
  return withChecksum(
    makeKey()
      .text.slice(0, -6)
      .replace(/_.{10}_/, `_${id}_`),
  )
}
