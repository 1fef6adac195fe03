/** Queries for the page of sources and for that of one store. */
import type { SourcePage } from '@splitcart/data-management/http/routes/sources.ts'
import type { ScrapePage } from '@splitcart/data-management/http/routes/stores.ts'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { MINUTE_MS } from '../parts/durations.ts'
import { FIRST_PAGE, nextPageParameter, PAGE_ROWS } from './queries.ts'
import { getJson } from './request.ts'

/** The states of a source. */
export const SOURCE_STATES = ['good', 'late', 'silent', 'snoozed', 'retired'] as const

export type SourceFilters = Readonly<{ company?: string; state?: (typeof SOURCE_STATES)[number] }>

/** The sources, by company and store. */
export const sourcesQuery = (filters: SourceFilters) =>
  infiniteQueryOptions({
    queryKey: ['sources', filters],
    queryFn: ({ pageParam, signal }) =>
      getJson<SourcePage>('/api/sources', { ...filters, limit: PAGE_ROWS, ...pageParam }, signal),
    initialPageParam: FIRST_PAGE,
    getNextPageParam: nextPageParameter,
    placeholderData: keepPreviousData,
    refetchInterval: 5 * MINUTE_MS,
  })

/** One source, by company/store_id. */
export const sourceQuery = (store: string) =>
  queryOptions({
    queryKey: ['sources', store],
    queryFn: ({ signal }) => getJson<SourcePage>('/api/sources', { store }, signal),
    refetchInterval: 5 * MINUTE_MS,
  })

/** The scrapes of a store, the newest first. */
export const scrapesOfStoreQuery = (store: string) =>
  infiniteQueryOptions({
    queryKey: ['scrapes', store],
    queryFn: ({ pageParam, signal }) =>
      getJson<ScrapePage>('/api/scrapes', { store, limit: PAGE_ROWS, ...pageParam }, signal),
    initialPageParam: FIRST_PAGE,
    getNextPageParam: nextPageParameter,
  })
