/** Converts a key to the form in which the API returns it and the command line lists it. */

import { isoTime } from '@splitcart/shared/time.ts'
import type { KeyRecord, Scope } from '../../ledger/keys.ts'
import type { KeyView } from './keys-schema.ts'
import type { MachineView } from './machines-schema.ts'

/** The view of a key. `machine`: the latest heartbeat of the machine that has the key. */
export function keyView(key: KeyRecord, machine: MachineView | null, now: number): KeyView {
  const { id, name, expires_at, revoked_at } = key
  const isExpired = expires_at !== null && expires_at <= now
  return {
    id,
    name,
    scopes: key.scopes.split(',') as Scope[],
    only_for: key.only_for?.split('\n') ?? null,
    only_from: key.only_from?.split('\n') ?? null,
    state: revoked_at !== null ? 'revoked' : isExpired ? 'expired' : 'works',
    created_at: new Date(key.created_at).toISOString(),
    expires_at: isoTime(expires_at),
    revoked_at: isoTime(revoked_at),
    rotated_to: key.rotated_to,
    last_used_at: isoTime(key.last_used_at),
    last_used_from: key.last_used_from,
    machine,
  }
}
