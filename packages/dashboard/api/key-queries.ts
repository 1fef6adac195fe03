/** What is asked about keys, sessions and the audit, and about machines. */
import type { KeyPage } from '@splitcart/data-management/api/keys-schema.ts'
import type { SessionsView } from '@splitcart/data-management/api/session-schema.ts'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { after, MINUTE_MS, PAGE_ROWS } from './queries.ts'
import { ask } from './request.ts'

/** The keys. */
export const keysQuery = infiniteQueryOptions({
  queryKey: ['keys'],
  queryFn: ({ pageParam, signal }) => ask<KeyPage>('/api/keys', { limit: PAGE_ROWS, ...pageParam }, signal),
  initialPageParam: {} as { after?: string },
  getNextPageParam: after,
})

/** Who is signed in. */
export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: ({ signal }) => ask<SessionsView>('/api/sessions', {}, signal),
  refetchInterval: MINUTE_MS,
})

export type AuditPage = Readonly<{ entries: readonly AuditEntry[]; next: number | null }>
export type AuditEntry = Readonly<{
  id: number
  at: string
  who: string
  what: string
  about: string
  detail: string | null
}>

/** The audit, the newest first. */
export const auditQuery = infiniteQueryOptions({
  queryKey: ['audit'],
  queryFn: ({ pageParam, signal }) => ask<AuditPage>('/api/audit', { limit: PAGE_ROWS, ...pageParam }, signal),
  initialPageParam: {} as { before?: number },
  getNextPageParam: ({ next }) => (next === null ? undefined : { before: next }),
})

const HEARD_MS = 2_000
const KEYS_MAX = 500

/** The key that a machine of this name has fetched since then, as soon as there is one; null: not yet. */
export const newKeyQuery = (name: string, since: string) =>
  queryOptions({
    queryKey: ['keys', 'new', name, since],
    queryFn: async ({ signal }) => {
      const { keys } = await ask<KeyPage>('/api/keys', { limit: KEYS_MAX }, signal)
      const own = keys.filter((key) => key.name === name && key.created_at >= since)
      return own.toSorted((one, other) => (one.created_at < other.created_at ? 1 : -1))[0] ?? null
    },
    refetchInterval: HEARD_MS,
  })
