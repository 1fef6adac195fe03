/**
 * Applies events to the query cache, so that no late response undoes them.
 *
 * A response that is in flight when an event arrives may be older than the event. So the event's change is applied to
 * that response too, and a query that the event invalidates is fetched again after it.
 */
import type { Query, QueryClient, QueryKey } from '@tanstack/react-query'

type CacheChange = (data: unknown, queryKey: QueryKey) => unknown

/** The query cache, with the operations that events need. */
export type LiveCache = Readonly<{
  /** Changes the data of all queries with this key prefix; queries without data are not changed. */
  update: <T>(prefix: QueryKey, change: (data: T, queryKey: QueryKey) => T) => void
  /** Refetches all queries with this key prefix; unused ones when they are used next. */
  renew: (prefix: QueryKey) => void
  close: () => void
}>

/** Starts to observe the responses in the cache; `close` ends that. */
export function openLiveCache(client: QueryClient): LiveCache {
  const cache = client.getQueryCache()
  const changes = new Map<Query, CacheChange[]>()
  const outdated = new Set<Query>()
  const underway = (prefix: QueryKey) =>
    cache.findAll({ queryKey: prefix }).filter(({ state }) => state.fetchStatus !== 'idle')
  const forget = (query: Query) => {
    changes.delete(query)
    outdated.delete(query)
  }
  const change = ({ queryKey, state: { data } }: Query, by: CacheChange) => {
    if (data !== undefined) client.setQueryData(queryKey, by(data, queryKey))
  }
  // Does not restart fetches in flight: under a steady stream of events none would ever finish.
  const invalidate = (prefix: QueryKey, exact = false) =>
    void client.invalidateQueries({ queryKey: prefix, exact }, { cancelRefetch: false })
  const close = cache.subscribe((event) => {
    const { query } = event
    if (event.type === 'removed' || (event.type === 'updated' && ['fetch', 'error'].includes(event.action.type)))
      forget(query)
    if (event.type !== 'updated' || event.action.type !== 'success' || event.action.manual) return
    const missed = changes.get(query) ?? []
    const isOutdated = outdated.has(query)
    forget(query)
    for (const each of missed) change(query, each)
    if (isOutdated) invalidate(query.queryKey, true)
  })
  return {
    update: (prefix, by) => {
      for (const query of underway(prefix)) changes.set(query, [...(changes.get(query) ?? []), by as CacheChange])
      for (const query of cache.findAll({ queryKey: prefix })) change(query, by as CacheChange)
    },
    renew: (prefix) => {
      for (const query of underway(prefix)) outdated.add(query)
      invalidate(prefix)
    },
    close,
  }
}
