/** The live connection: applies the server's events to the query cache. */
import type { EventData } from '@splitcart/data-management/http/events/events-schema.ts'
import type { UploadPage, UploadView } from '@splitcart/data-management/http/routes/uploads-schema.ts'
import type { InfiniteData, QueryClient } from '@tanstack/react-query'
import { type LiveCache, openLiveCache } from './live-cache.ts'
import type { UploadFilters } from './queries.ts'
import { sessionQuery } from './session.ts'

/** State of the live connection; `not connected`: it failed and is retried automatically. */
export type Connection = 'connecting' | 'connected' | 'not connected'

type Uploads = InfiniteData<UploadPage>

const RETRY_MS = 3_000
// Queries that summarise all uploads are refetched at most this often, however many uploads change.
const SUMMARIES_MS = 2_000
const SUMMARIES = ['overview', 'sources', 'rejects', 'system', 'preview', 'audit', 'findings', 'changes']
// After a `reload` a list refetches this many pages; further pages are fetched when scrolled to again.
const PAGES_RENEWED_MAX = 3

/** Follows the server's events until the returned function is called. `onConnection` gets the connection's state. */
export function followEvents(client: QueryClient, onConnection: (connection: Connection) => void): () => void {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const cache = openLiveCache(client)
  const open = () => {
    source = new EventSource('/api/events')
    source.onopen = () => onConnection('connected')
    source.onerror = () => {
      onConnection('not connected')
      // The browser reconnects by itself, unless the answer was not an event stream.
      if (source?.readyState !== EventSource.CLOSED) return
      client.invalidateQueries({ queryKey: sessionQuery.queryKey })
      timer = setTimeout(open, RETRY_MS)
    }
    handleEvents(source, client, cache)
  }
  onConnection('connecting')
  open()
  return () => {
    clearTimeout(timer)
    source?.close()
    cache.close()
  }
}

function handleEvents(source: EventSource, client: QueryClient, cache: LiveCache): void {
  const on = <K extends keyof EventData>(kind: K, act: (data: EventData[K]) => void) =>
    source.addEventListener(kind, ({ data }) => act(JSON.parse(data) as EventData[K]))
  const renewSummaries = throttle(() => renewQueries(cache, SUMMARIES), SUMMARIES_MS)
  on('upload', (upload) => {
    cache.update(['upload', upload.id], () => upload)
    cache.renew(['repair', upload.id])
    cache.update(['uploads'], (uploads: Uploads, [, filters = {}]) =>
      withUpload(uploads, upload, filters as UploadFilters),
    )
    if (upload.state !== 'loading') client.removeQueries({ queryKey: ['progress', upload.id] })
    renewSummaries()
  })
  on('forgotten', ({ id }) => {
    cache.update(['uploads'], (uploads: Uploads) => withoutUpload(uploads, id))
    cache.renew(['upload', id])
    renewSummaries()
  })
  on('progress', (progress) => client.setQueryData(['progress', progress.upload_id], progress))
  on('reload', () => {
    cache.update(['uploads'], firstPages)
    renewQueries(cache, ['uploads', 'upload', ...SUMMARIES])
  })
}

function renewQueries(cache: LiveCache, names: readonly string[]): void {
  for (const name of names) cache.renew([name])
}

/** Updates an upload in a cached list: replaced in place, inserted if new, removed if it no longer matches. */
export function withUpload(uploads: Uploads, upload: UploadView, filters: UploadFilters): Uploads {
  if (!matchesFilters(upload, filters)) return withoutUpload(uploads, upload.id)
  const isKnown = uploads.pages.some((page) => page.uploads.some(({ id }) => id === upload.id))
  // In another sort order only the server knows its place.
  if (!isKnown && filters.sort !== undefined) return uploads
  const oldest = uploads.pages.at(-1)?.uploads.at(-1)
  // An upload older than the fetched ones comes with its page.
  if (!isKnown && oldest !== undefined && upload.id < oldest.id) return uploads
  const pages = uploads.pages.map((page, index) => {
    const replaced = page.uploads.map((each) => (each.id === upload.id ? upload : each))
    if (isKnown || index > 0) return { ...page, uploads: replaced }
    return { ...page, uploads: [upload, ...replaced].sort((one, other) => (one.id < other.id ? 1 : -1)) }
  })
  return { ...uploads, pages }
}

function matchesFilters({ state, filename, details }: UploadView, filters: UploadFilters): boolean {
  if (filters.state !== undefined && filters.state !== state) return false
  if (filters.key !== undefined && filters.key !== details?.sender?.key_id) return false
  return filters.q === undefined || filename.toLowerCase().includes(filters.q.toLowerCase())
}

function withoutUpload(uploads: Uploads, id: string): Uploads {
  const pages = uploads.pages.map((page) => ({ ...page, uploads: page.uploads.filter((upload) => upload.id !== id) }))
  return { ...uploads, pages }
}

function firstPages({ pages, pageParams }: Uploads): Uploads {
  return { pages: pages.slice(0, PAGES_RENEWED_MAX), pageParams: pageParams.slice(0, PAGES_RENEWED_MAX) }
}

/** Throttles a function: it is called at once, and then at most once in `ms` milliseconds. */
function throttle(act: () => void, ms: number): () => void {
  let isWaiting = false
  let again = false
  const later = () => {
    isWaiting = again
    if (again) setTimeout(later, ms)
    if (again) act()
    again = false
  }
  return () => {
    if (isWaiting) {
      again = true
      return
    }
    isWaiting = true
    act()
    setTimeout(later, ms)
  }
}
