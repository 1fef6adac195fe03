/** Who is signed in. The cookie itself is out of reach of this page. */
import type { SessionView } from '@splitcart/data-management/http/auth/session-schema.ts'
import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query'
import { writeMoneyIn } from '../parts/format.ts'
import { ask, Refusal, send } from './request.ts'

/** The session, or null where nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: readSession,
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
})

async function readSession(): Promise<SessionView | null> {
  try {
    return known(await ask<SessionView>('/api/session'))
  } catch (error) {
    if (isSignedOut(error)) return null
    throw error
  }
}

/** What all of the page goes by. */
function known(session: SessionView): SessionView {
  writeMoneyIn(session.currency)
  return session
}

/** Whether an error says that nobody is signed in (any more). */
export function isSignedOut(error: unknown): boolean {
  return error instanceof Refusal && error.problem.status === 401
}

/** Signs in with a key. */
export async function signIn(client: QueryClient, key: string): Promise<void> {
  const session = known(await send<SessionView>('POST', '/api/session', { key }))
  client.clear()
  client.setQueryData(sessionQuery.queryKey, session)
}

/** Signs out, here and on the server. */
export async function signOut(client: QueryClient): Promise<void> {
  await send('DELETE', '/api/session')
  client.clear()
  client.setQueryData(sessionQuery.queryKey, null)
}

/** Who is signed in, in a page that only somebody who is can see. */
export function useSession(): SessionView | null {
  return useQuery(sessionQuery).data ?? null
}

/** The zone in which the server's days begin. */
export function useTimeZone(): string {
  return useSession()?.time_zone ?? 'UTC'
}

/** Whether who is signed in may change something. */
export function useIsAdmin(): boolean {
  return useSession()?.scopes.includes('admin') === true
}
