/** Starts the dashboard in the browser. */
import { createTheme, MantineProvider } from '@mantine/core'
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from './api/request.ts'
import { isSignedOut, sessionQuery } from './api/session.ts'
import { makeRouter } from './app/router.tsx'
import './style/inter.css'
import './style/mantine.css'
import './style/base.css'

const RETRIES_MAX = 2
const STALE_AFTER_MS = 10_000

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: markSignedOut }),
  defaultOptions: { queries: { staleTime: STALE_AFTER_MS, retry: mayRetry } },
})
const router = makeRouter(client)

/** Marks the session as ended; the error of any query may be the first to report it. */
function markSignedOut(error: Error): void {
  if (!isSignedOut(error)) return
  client.setQueryData(sessionQuery.queryKey, null)
}

function mayRetry(failures: number, error: Error): boolean {
  if (!(error instanceof ApiError)) return false
  const { status } = error.problem
  return failures < RETRIES_MAX && (status === 0 || status === 429 || status >= 500)
}

const theme = createTheme({ cursorType: 'pointer', respectReducedMotion: true, focusRing: 'auto' })

createRoot(document.getElementById('page')!).render(
  <StrictMode>
    {/* Mantine's variables and classes are in a CSS file: the Content-Security-Policy allows no style elements. */}
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
      deduplicateCssVariables={false}
    >
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
