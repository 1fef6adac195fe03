/** Results of the global search: products, stores, uploads, pages and actions. */
import type { StorePage } from '@splitcart/data-management/http/routes/stores.ts'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useEffect } from 'react'
import { PALETTE_PRODUCTS, paletteProductsQuery, paletteUploadsQuery } from '../../api/palette-queries.ts'
import { allStoresQuery } from '../../api/queries.ts'
import { useIsAdmin } from '../../api/session.ts'
import { NAVIGATION_ITEMS } from '../navigation.tsx'

/** One result, and the address it leads to. */
export type PaletteResult = Readonly<{ id: string; group: string; name: string; about: string; to: string }>

const STORES_SHOWN = 5
const ACTION_ITEMS: readonly { name: string; to: string; words: string }[] = [
  { name: 'Add a machine', to: '/machines?add=1', words: 'new key invite connect scraper laptop' },
  { name: 'Create a key', to: '/keys', words: 'new key secret token' },
  { name: 'See what became cheaper', to: '/changes?kind=cheaper', words: 'drop price down sale' },
  { name: 'See what is on special', to: '/products?special=only', words: 'sale offer reduced' },
  { name: 'Try the API', to: '/docs', words: 'documentation openapi' },
]

/** The results for the typed text; for an empty text, pages and actions. */
export function usePaletteResults(typed: string): { choices: readonly PaletteResult[]; isPending: boolean } {
  const q = useDeferredValue(typed.trim())
  const products = useQuery(paletteProductsQuery(q))
  const uploads = useQuery(paletteUploadsQuery(q))
  const stores = useAllStores()
  const isAdmin = useIsAdmin()
  const deeds = ACTION_ITEMS.filter(({ to }) => isAdmin || (!to.startsWith('/machines') && to !== '/keys'))
  const choices = [
    ...(q === '' ? [] : (products.data?.products ?? [])).map(({ id, name, brand, size }) => {
      const about = [brand, containsSize(name, size) ? null : size].filter((each) => each !== null).join(' · ')
      return { id: `product-${id}`, group: 'Products', name, about, to: `/products/${id}` }
    }),
    ...((products.data?.products ?? []).length < PALETTE_PRODUCTS || q === '' ? [] : [allProductsResult(q)]),
    ...(q === '' ? [] : storeResults(q, stores)),
    ...(q === '' ? [] : (uploads.data?.uploads ?? [])).map(({ id, filename, state }) => {
      return { id: `upload-${id}`, group: 'Uploads', name: filename, about: state, to: `/uploads/${id}` }
    }),
    ...NAVIGATION_ITEMS.filter(({ name }) => matchesWordStarts(q, name)).map(({ to, name }) => {
      return { id: `page-${to}`, group: 'Pages', name, about: '', to }
    }),
    ...deeds
      .filter(({ name, words }) => matchesWordStarts(q, `${name} ${words}`))
      .map(({ name, to }) => ({ id: `deed-${name}`, group: 'Actions', name, about: '', to })),
  ]
  return { choices, isPending: typed.trim() !== q || (q !== '' && (products.isFetching || uploads.isFetching)) }
}

function allProductsResult(q: string): PaletteResult {
  const to = `/products?q=${encodeURIComponent(q)}`
  return { id: 'products', group: 'Products', name: 'All that are found …', about: '', to }
}

/** All stores: they are few compared with products, so they are filtered in the browser. */
function useAllStores(): readonly StorePage['stores'][number][] {
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(allStoresQuery)
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  return data?.pages.flatMap(({ stores }) => stores) ?? []
}

function storeResults(q: string, stores: readonly StorePage['stores'][number][]): PaletteResult[] {
  return stores
    .filter(({ company, store_id, name, suburb }) =>
      matchesWordStarts(q, `${company} ${store_id} ${name} ${suburb ?? ''}`),
    )
    .slice(0, STORES_SHOWN)
    .map(({ company, store_id, name }) => {
      const store = `${company}/${store_id}`
      const to = `/store?store=${encodeURIComponent(store)}`
      return { id: `store-${store}`, group: 'Stores', name, about: store, to }
    })
}

/** Whether the name contains the size already, with or without a space. */
function containsSize(name: string, size: string | null): boolean {
  const closed = (text: string) => text.toLowerCase().replaceAll(' ', '')
  return size !== null && closed(name).includes(closed(size))
}

/** Whether each typed word is the beginning of some word of the text. */
function matchesWordStarts(typed: string, text: string): boolean {
  const words = text.toLowerCase().split(/[^\p{L}\p{N}]+/u)
  return typed
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .every((each) => words.some((word) => word.startsWith(each)))
}
