/** The queries of the dashboard, each with its key in the query cache. */
import type { ChangePage } from '@splitcart/data-management/http/routes/changes-schema.ts'
import type { FindingsView } from '@splitcart/data-management/http/routes/findings-schema.ts'
import type { Overview } from '@splitcart/data-management/http/routes/overview.ts'
import type {
  ChainsAnswer,
  PricesAnswer,
  ProductAnswer,
  ProductPage,
} from '@splitcart/data-management/http/routes/products.ts'
import type { RejectPage } from '@splitcart/data-management/http/routes/rejects-schema.ts'
import type { RepairView } from '@splitcart/data-management/http/routes/repair.ts'
import type { ScrapePage, StorePage } from '@splitcart/data-management/http/routes/stores.ts'
import type { SystemView } from '@splitcart/data-management/http/routes/system-schema.ts'
import type { PreviewView, UploadPage, UploadView } from '@splitcart/data-management/http/routes/uploads-schema.ts'
import type { SuggestionPage } from '@splitcart/data-management/http/routes/verdicts-schema.ts'
import type { UploadSort } from '@splitcart/data-management/ledger/sorted-uploads.ts'
import type { UploadState } from '@splitcart/shared/receipt.ts'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { MINUTE_MS } from '../parts/durations.ts'
import { getJson, type QueryParameters, urlWithQuery } from './request.ts'

/** Number of rows in a page of most lists. */
export const PAGE_ROWS = 100
const REPAIR_ROWS = 20
const PAIRS_PAGE_ROWS = 20
/** The page parameter of the first page of a list. */
export const FIRST_PAGE: { after?: string } = {}
// Page size of lists that may be long: the server's maximum.
const LONG_PAGE_ROWS = 200

/** The data of the overview. */
export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: ({ signal }) => getJson<Overview>('/api/overview', {}, signal),
  refetchInterval: MINUTE_MS,
})

/** The states of an upload, in the order in which they are offered. */
export const UPLOAD_STATES = ['accepted', 'loading', 'loaded', 'held', 'failed', 'delivered'] as const

export type UploadFilters = Readonly<{
  state?: UploadState
  q?: string
  key?: string
  sort?: UploadSort
  order?: 'asc' | 'desc'
}>

/** The uploads; newest first unless `filters.sort` is given. */
export const uploadsQuery = (filters: UploadFilters) =>
  infiniteQueryOptions({
    queryKey: ['uploads', filters],
    queryFn: ({ pageParam, signal }) =>
      getJson<UploadPage>('/api/uploads', { ...filters, limit: LONG_PAGE_ROWS, ...pageParam }, signal),
    initialPageParam: {} as { before?: string; after?: string },
    getNextPageParam: ({ next }) =>
      next === null ? undefined : { [filters.sort === undefined ? 'before' : 'after']: next },
    placeholderData: keepPreviousData,
  })

/** One upload. */
export const uploadQuery = (id: string) =>
  queryOptions({
    queryKey: ['upload', id],
    queryFn: ({ signal }) => getJson<UploadView>(`/api/uploads/${encodeURIComponent(id)}`, {}, signal),
  })

/** The rows that the repair of an upload changes. */
export const repairQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['repair', id],
    queryFn: ({ pageParam, signal }) =>
      getJson<RepairView>(
        `/api/uploads/${encodeURIComponent(id)}/repair`,
        { limit: REPAIR_ROWS, ...pageParam },
        signal,
      ),
    initialPageParam: {} as { after?: number },
    getNextPageParam: ({ next }) => (next === null ? undefined : { after: next }),
  })

/** The preview of what loading a held upload would change. */
export const previewQuery = (id: string) =>
  queryOptions({
    queryKey: ['preview', id],
    queryFn: ({ signal }) => getJson<PreviewView>(`/api/uploads/${encodeURIComponent(id)}/preview`, {}, signal),
  })

/** Sort orders of products: price, price drop, unit price in any unit, or unit price of products in one unit only. */
export const PRODUCT_ORDERS = ['price', 'drop', 'any', 'g', 'ml', 'm', 'each'] as const

export type ProductFilters = Readonly<{
  q?: string
  company?: string
  category?: string
  special?: 'only'
  barcode?: string
  sku?: string
  by?: (typeof PRODUCT_ORDERS)[number]
  /** Highest unit price, in units of the currency such as "2.50", not in cents. */
  max?: string
}>

/** The products that match, with the range of their prices. */
export const productsQuery = (filters: ProductFilters) =>
  infiniteQueryOptions({
    queryKey: ['products', filters],
    queryFn: ({ pageParam, signal }) =>
      getJson<ProductPage>(
        '/api/products',
        { ...productParameters(filters), prices: true, limit: PAGE_ROWS, ...pageParam },
        signal,
      ),
    initialPageParam: FIRST_PAGE,
    getNextPageParam: nextPageParameter,
    placeholderData: keepPreviousData,
  })

/** The API's parameters: sorting needs search words or a category, and a price limit needs a single unit. */
function productParameters({ by, max, special, ...filters }: ProductFilters): QueryParameters {
  const sought = { ...filters, ...(special !== undefined && { special: true }) }
  if (by === undefined || (sought.q ?? sought.category) === undefined) return sought
  if (by === 'price' || by === 'drop') return { ...sought, sort: by }
  if (by === 'any') return { ...sought, sort: 'unit_price' }
  const cents = Math.round(Number(max?.replace(',', '.')) * 100)
  return { ...sought, sort: 'unit_price', unit: by, ...(cents >= 0 && { unit_price_max: cents }) }
}

/** One product, with its current price in every store. */
export const productQuery = (id: string) =>
  queryOptions({
    queryKey: ['product', id],
    queryFn: ({ signal }) => getJson<ProductAnswer>(`/api/products/${encodeURIComponent(id)}`, {}, signal),
  })

export type ChangeFilters = Readonly<{
  kind?: ChangePage['counts'][number]['kind']
  company?: string
  store?: string
  category?: string
  upload?: string
  days?: string
  from?: string
  to?: string
  sort?: 'cents'
}>

// Interval of refetches while the server is still counting changes.
const COUNTING_MS = 2_000

/** The changes, largest first. */
export const changesQuery = (filters: ChangeFilters) =>
  infiniteQueryOptions({
    queryKey: ['changes', filters],
    queryFn: ({ pageParam, signal }) =>
      getJson<ChangePage>('/api/changes', { ...filters, limit: PAGE_ROWS, ...pageParam }, signal),
    initialPageParam: FIRST_PAGE,
    getNextPageParam: nextPageParameter,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.pages[0]?.is_counted === false ? COUNTING_MS : false),
  })

/** The first changes only. */
export const firstChangesQuery = (filters: ChangeFilters, limit: number) =>
  queryOptions({
    queryKey: ['changes', filters, limit],
    queryFn: ({ signal }) => getJson<ChangePage>('/api/changes', { ...filters, limit }, signal),
    refetchInterval: ({ state }) => (state.data?.is_counted === false ? COUNTING_MS : MINUTE_MS),
  })

/** The URL of the changes as CSV or as an Atom feed. */
export function changesAddress(filters: ChangeFilters, format: 'csv' | 'atom'): string {
  return urlWithQuery('/api/changes', { ...filters, format })
}

/** Pairs for a person to judge, likeliest first. Never refetched, so that their order stays while they are judged. */
export const suggestionsQuery = infiniteQueryOptions({
  queryKey: ['suggestions'],
  queryFn: ({ pageParam, signal }) =>
    getJson<SuggestionPage>('/api/suggestions', { limit: PAIRS_PAGE_ROWS, ...pageParam }, signal),
  initialPageParam: FIRST_PAGE,
  getNextPageParam: nextPageParameter,
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: 0,
})

export type PriceFilters = Readonly<{ store: readonly string[]; from?: string }>

/** The price history of a product in these stores. */
export const pricesQuery = (id: string, filters: PriceFilters) =>
  queryOptions({
    queryKey: ['prices', id, filters],
    queryFn: ({ signal }) =>
      getJson<PricesAnswer>(
        `/api/products/${encodeURIComponent(id)}/prices`,
        { ...filters, limit: 20 } as QueryParameters,
        signal,
      ),
    placeholderData: keepPreviousData,
    enabled: filters.store.length > 0,
  })

/** The price history of a product per chain. */
export const chainHistoriesQuery = (id: string) =>
  queryOptions({
    queryKey: ['chains', id],
    queryFn: ({ signal }) => getJson<ChainsAnswer>(`/api/products/${encodeURIComponent(id)}/chains`, {}, signal),
  })

/** The uploads that contained a store's scrape of a date. */
export const scrapesQuery = (store: string, date: string) =>
  queryOptions({
    queryKey: ['scrapes', store, date],
    queryFn: ({ signal }) => getJson<ScrapePage>('/api/scrapes', { store, from: date, to: date }, signal),
  })

/** The first stores; used for the names of the companies. */
export const storesQuery = queryOptions({
  queryKey: ['stores'],
  queryFn: ({ signal }) => getJson<StorePage>('/api/stores', { limit: 500 }, signal),
  staleTime: 10 * MINUTE_MS,
})

/** All stores, fetched page by page. */
export const allStoresQuery = infiniteQueryOptions({
  queryKey: ['stores', 'all'],
  queryFn: ({ pageParam, signal }) => getJson<StorePage>('/api/stores', { limit: 500, ...pageParam }, signal),
  initialPageParam: FIRST_PAGE,
  getNextPageParam: nextPageParameter,
  staleTime: 10 * MINUTE_MS,
})

export type RejectFilters = Readonly<{
  code?: string
  field?: string
  company?: string
  store?: string
  upload?: string
  /** Only rejects of loads that ended at or after this time. */
  since?: string
}>

/** The rejects, grouped by reason and source. */
export const rejectsQuery = (filters: RejectFilters) =>
  infiniteQueryOptions({
    queryKey: ['rejects', filters],
    queryFn: ({ pageParam, signal }) => getJson<RejectPage>('/api/rejects', { ...filters, ...pageParam }, signal),
    initialPageParam: FIRST_PAGE,
    getNextPageParam: nextPageParameter,
    placeholderData: keepPreviousData,
  })

/** The current findings per chain, and the beliefs. */
export const findingsQuery = queryOptions({
  queryKey: ['findings'],
  queryFn: ({ signal }) => getJson<FindingsView>('/api/findings', {}, signal),
})

/** The state of the server and its machine. */
export const systemQuery = queryOptions({
  queryKey: ['system'],
  queryFn: ({ signal }) => getJson<SystemView>('/api/system', {}, signal),
  refetchInterval: MINUTE_MS / 4,
})

/** The OpenAPI description of the API. */
export const openApiQuery = queryOptions({
  queryKey: ['openapi'],
  queryFn: ({ signal }) => getJson<unknown>('/api/openapi.json', {}, signal),
  staleTime: Number.POSITIVE_INFINITY,
})

/** The parameter of the next page; undefined if there is none. */
export function nextPageParameter({ next }: { next: string | null }): { after: string } | undefined {
  return next === null ? undefined : { after: next }
}
