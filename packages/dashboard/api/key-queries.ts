/** Queries for keys, sessions, the audit and machines. */
import type { SessionsView } from '@splitcart/data-management/http/auth/session-schema.ts'
import type { KeyPage, KeyView } from '@splitcart/data-management/http/routes/keys-schema.ts'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { MINUTE_MS } from '../parts/durations.ts'
import { nextPageParameter, PAGE_ROWS } from './queries.ts'
import { getJson } from './request.ts'

/** The keys. */
export const keysQuery = infiniteQueryOptions({
  queryKey: ['keys'],
  queryFn: ({ pageParam, signal }) => getJson<KeyPage>('/api/keys', { limit: PAGE_ROWS, ...pageParam }, signal),
  initialPageParam: {} as { after?: string },
  getNextPageParam: nextPageParameter,
})

/** The open sessions. */
export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: ({ signal }) => getJson<SessionsView>('/api/sessions', {}, signal),
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
  queryFn: ({ pageParam, signal }) => getJson<AuditPage>('/api/audit', { limit: PAGE_ROWS, ...pageParam }, signal),
  initialPageParam: {} as { before?: number },
  getNextPageParam: ({ next }) => (next === null ? undefined : { before: next }),
})

const NEW_KEY_POLL_MS = 2_000
const KEYS_PAGE_ROWS = 500

/** The machines: the valid keys that may upload. */
export const machinesQuery = queryOptions({
  queryKey: ['keys', 'machines'],
  queryFn: async ({ signal }) => {
    const keys = await fetchAllKeys(signal)
    return keys.filter(({ scopes, state }) => scopes.includes('upload') && state === 'works')
  },
  refetchInterval: MINUTE_MS,
})

/** The newest key with this name created since `since`; null: no machine has fetched it yet. Polled while in use. */
export const newKeyQuery = (name: string, since: string) =>
  queryOptions({
    queryKey: ['keys', 'new', name, since],
    queryFn: async ({ signal }) => {
      const keys = await fetchAllKeys(signal)
      const own = keys.filter((key) => key.name === name && key.created_at >= since)
      return own.toSorted((one, other) => (one.created_at < other.created_at ? 1 : -1))[0] ?? null
    },
    refetchInterval: NEW_KEY_POLL_MS,
  })

/** All keys, fetched page by page: revoked ones are included, and the newest are last. */
async function fetchAllKeys(signal: AbortSignal): Promise<KeyView[]> {
  const every: KeyView[] = []
  for (let behind: { after?: string } | undefined = {}; behind !== undefined; ) {
    const page: KeyPage = await getJson<KeyPage>('/api/keys', { limit: KEYS_PAGE_ROWS, ...behind }, signal)
    every.push(...page.keys)
    behind = nextPageParameter(page)
  }
  return every
}
