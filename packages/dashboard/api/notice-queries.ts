/** Queries for notices and watched products. */
import type { NoticesView } from '@splitcart/data-management/http/routes/notices-schema.ts'
import type { WatchList } from '@splitcart/data-management/http/routes/watches.ts'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { getJson } from './request.ts'

const REFETCH_MS = 5_000
const PAGE_ROWS = 50

/** Open conditions, and the notices sent, newest first. */
export const noticesQuery = infiniteQueryOptions({
  queryKey: ['notices'],
  queryFn: ({ pageParam, signal }) => getJson<NoticesView>('/api/notices', { limit: PAGE_ROWS, ...pageParam }, signal),
  initialPageParam: {} as { before?: number },
  getNextPageParam: ({ next }) => (next === null ? undefined : { before: next }),
  refetchInterval: REFETCH_MS,
})

/** The products that are watched. */
export const watchesQuery = queryOptions({
  queryKey: ['watches'],
  queryFn: ({ signal }) => getJson<WatchList>('/api/watches', {}, signal),
})
