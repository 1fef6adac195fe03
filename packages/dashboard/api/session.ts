/** The session of the user. Scripts cannot read the cookie itself. */
import type { SessionView } from '@splitcart/data-management/http/auth/session-schema.ts'
import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query'
import { writeMoneyIn } from '../parts/format.ts'
import { ApiError, getJson, sendJson } from './request.ts'

/** The session, or null if the user is not signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: readSession,
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
})

async function readSession(): Promise<SessionView | null> {
  try {
    return withCurrencyApplied(await getJson<SessionView>('/api/session'))
  } catch (error) {
    if (isSignedOut(error)) return null
    throw error
  }
}

/** Formats all prices in the server's currency from now on; returns the session. */
function withCurrencyApplied(session: SessionView): SessionView {
  writeMoneyIn(session.currency)
  return session
}

/** Whether an error means that the user is not, or no longer, signed in. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.problem.status === 401
}

/** Signs in with a key. */
export async function signIn(client: QueryClient, key: string): Promise<void> {
  const session = withCurrencyApplied(await sendJson<SessionView>('POST', '/api/session', { key }))
  client.clear()
  client.setQueryData(sessionQuery.queryKey, session)
}

/** Signs out on the server, and clears the query cache. */
export async function signOut(client: QueryClient): Promise<void> {
  await sendJson('DELETE', '/api/session')
  client.clear()
  client.setQueryData(sessionQuery.queryKey, null)
}

/** The session; null only until it is known, or after it has ended. */
export function useSession(): SessionView | null {
  return useQuery(sessionQuery).data ?? null
}

/** The time zone in which the server's days begin. */
export function useTimeZone(): string {
  return useSession()?.time_zone ?? 'UTC'
}

/** Whether the signed-in key may change things: it has the scope `admin`. */
export function useIsAdmin(): boolean {
  return useSession()?.scopes.includes('admin') === true
}
