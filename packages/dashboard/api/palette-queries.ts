/** Queries of the palette (the global search): the first few matches while the user types. */
import type { ProductPage } from '@splitcart/data-management/http/routes/products.ts'
import type { UploadPage } from '@splitcart/data-management/http/routes/uploads-schema.ts'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { getJson } from './request.ts'

/** Number of products in the results of the palette. */
export const PALETTE_PRODUCTS = 6

/** The first few products that match the words, without prices. */
export const paletteProductsQuery = (q: string) =>
  queryOptions({
    queryKey: ['few products', q],
    queryFn: ({ signal }) => getJson<ProductPage>('/api/products', { q, limit: PALETTE_PRODUCTS }, signal),
    placeholderData: keepPreviousData,
    enabled: q !== '',
  })

/** The first few uploads whose file name contains the text. */
export const paletteUploadsQuery = (q: string) =>
  queryOptions({
    queryKey: ['few uploads', q],
    queryFn: ({ signal }) => getJson<UploadPage>('/api/uploads', { q, limit: 4 }, signal),
    placeholderData: keepPreviousData,
    enabled: q !== '',
  })
