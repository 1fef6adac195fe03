/**
 * Changes of the query cache that no late answer undoes.
 *
 * An answer that is on its way when an event comes may be older than the event. So what an event changes in the cache
 * is changed once more in that answer, and what an event makes outdated is fetched once more after it.
 */
import type { Query, QueryClient, QueryKey } from '@tanstack/react-query'

type Change = (data: unknown, queryKey: QueryKey) => unknown

/** The query cache, as events change it. */
export type LiveCache = Readonly<{
  /** Changes the data of the queries whose key begins so. Queries without data are left alone. */
  update: <T>(prefix: QueryKey, change: (data: T, queryKey: QueryKey) => T) => void
  /** Fetches the queries whose key begins so once more; those that nobody shows when they are shown next. */
  renew: (prefix: QueryKey) => void
  close: () => void
}>

/** Begins to follow the answers that come; `close` ends that. */
export function openLiveCache(client: QueryClient): LiveCache {
  const cache = client.getQueryCache()
  const changes = new Map<Query, Change[]>()
  const outdated = new Set<Query>()
  const underway = (prefix: QueryKey) =>
    cache.findAll({ queryKey: prefix }).filter(({ state }) => state.fetchStatus !== 'idle')
  const forget = (query: Query) => {
    changes.delete(query)
    outdated.delete(query)
  }
  const change = ({ queryKey, state: { data } }: Query, by: Change) => {
    if (data !== undefined) client.setQueryData(queryKey, by(data, queryKey))
  }
  // It does not begin anew what is underway: under a steady stream of events no answer would ever come.
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
      for (const query of underway(prefix)) changes.set(query, [...(changes.get(query) ?? []), by as Change])
      for (const query of cache.findAll({ queryKey: prefix })) change(query, by as Change)
    },
    renew: (prefix) => {
      for (const query of underway(prefix)) outdated.add(query)
      invalidate(prefix)
    },
    close,
  }
}
