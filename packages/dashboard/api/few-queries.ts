/** What is asked while somebody types: the first few of what is called so. */
import type { ProductPage } from '@splitcart/data-management/http/routes/products.ts'
import type { UploadPage } from '@splitcart/data-management/http/routes/uploads-schema.ts'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { ask } from './request.ts'

/** How many products are shown while somebody types. */
export const FEW_PRODUCTS = 6

/** The first few products that words find, without prices. */
export const fewProductsQuery = (q: string) =>
  queryOptions({
    queryKey: ['products', 'few', q],
    queryFn: ({ signal }) => ask<ProductPage>('/api/products', { q, limit: FEW_PRODUCTS }, signal),
    placeholderData: keepPreviousData,
    enabled: q !== '',
  })

/** The first few uploads whose file is called so. */
export const fewUploadsQuery = (q: string) =>
  queryOptions({
    queryKey: ['uploads', 'few', q],
    queryFn: ({ signal }) => ask<UploadPage>('/api/uploads', { q, limit: 4 }, signal),
    placeholderData: keepPreviousData,
    enabled: q !== '',
  })
