/** The routes: the page at each address and the query parameters it accepts. Each page is loaded when first needed. */
import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { PRODUCT_ORDERS, UPLOAD_STATES } from '../api/queries.ts'
import { sessionQuery } from '../api/session.ts'
import { SOURCE_STATES } from '../api/source-queries.ts'
import { KINDS } from '../pages/changes/kinds.ts'
import { Loading } from '../parts/notice.tsx'
import { FullPageError, NotFound, PageError } from './not-found.tsx'
import { choiceIn, listIn, type Parameters, parseSearch, stringifySearch, textsIn } from './search.ts'
import { Shell } from './shell.tsx'

/** The context of every route. */
type Context = Readonly<{ client: QueryClient }>

const root = createRootRouteWithContext<Context>()({ component: Outlet, notFoundComponent: NotFound })

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Parameters) => textsIn(search, 'to'),
  component: lazyRouteComponent(() => import('../pages/sign-in/sign-in.tsx'), 'SignIn'),
})

const docs = createRoute({
  getParentRoute: () => root,
  path: '/docs',
  component: lazyRouteComponent(() => import('../pages/docs/docs.tsx'), 'Docs'),
})

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  // Sort order and search words of the tables.
  validateSearch: (search: Parameters) => listIn(search, 'table'),
  component: Shell,
  errorComponent: FullPageError,
  beforeLoad: async ({ context, location }) => {
    const session = await context.client.ensureQueryData(sessionQuery)
    if (session === null) throw redirect({ to: '/sign-in', search: { to: location.href } })
  },
})

const overview = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: lazyRouteComponent(() => import('../pages/overview/overview.tsx'), 'OverviewPage'),
})

const sources = createRoute({
  getParentRoute: () => shell,
  path: '/sources',
  validateSearch: (search: Parameters) => ({
    ...textsIn(search, 'company'),
    ...choiceIn(search, 'state', SOURCE_STATES),
  }),
  component: lazyRouteComponent(() => import('../pages/sources/sources.tsx'), 'Sources'),
})

const store = createRoute({
  getParentRoute: () => shell,
  path: '/store',
  validateSearch: (search: Parameters) => ({ store: '', ...textsIn(search, 'store') }),
  component: lazyRouteComponent(() => import('../pages/sources/store.tsx'), 'StorePage'),
})

const uploads = createRoute({
  getParentRoute: () => shell,
  path: '/uploads',
  validateSearch: (search: Parameters) => ({
    ...textsIn(search, 'q', 'key'),
    ...choiceIn(search, 'state', UPLOAD_STATES),
  }),
  component: lazyRouteComponent(() => import('../pages/uploads/uploads.tsx'), 'Uploads'),
})

const upload = createRoute({
  getParentRoute: () => shell,
  path: '/uploads/$id',
  component: lazyRouteComponent(() => import('../pages/uploads/upload.tsx'), 'UploadPage'),
})

const scrape = createRoute({
  getParentRoute: () => shell,
  path: '/scrape',
  validateSearch: (search: Parameters) => ({ store: '', date: '', ...textsIn(search, 'store', 'date') }),
  component: lazyRouteComponent(() => import('../pages/uploads/scrape.tsx'), 'ScrapePage'),
})

const rejects = createRoute({
  getParentRoute: () => shell,
  path: '/rejects',
  validateSearch: (search: Parameters) => textsIn(search, 'code', 'field', 'company', 'store', 'upload', 'since'),
  component: lazyRouteComponent(() => import('../pages/rejects/rejects.tsx'), 'Rejects'),
})

const holds = createRoute({
  getParentRoute: () => shell,
  path: '/holds',
  component: lazyRouteComponent(() => import('../pages/holds/holds.tsx'), 'Holds'),
})

const findings = createRoute({
  getParentRoute: () => shell,
  path: '/findings',
  component: lazyRouteComponent(() => import('../pages/findings/findings.tsx'), 'FindingsPage'),
})

const changes = createRoute({
  getParentRoute: () => shell,
  path: '/changes',
  validateSearch: (search: Parameters) => ({
    ...textsIn(search, 'company', 'store', 'category', 'upload', 'days', 'from', 'to'),
    ...choiceIn(search, 'kind', KINDS),
    ...choiceIn(search, 'sort', ['cents'] as const),
  }),
  component: lazyRouteComponent(() => import('../pages/changes/changes.tsx'), 'ChangesPage'),
})

const products = createRoute({
  getParentRoute: () => shell,
  path: '/products',
  validateSearch: (search: Parameters) => ({
    ...textsIn(search, 'q', 'company', 'category', 'barcode', 'sku', 'max'),
    ...choiceIn(search, 'by', PRODUCT_ORDERS),
    ...choiceIn(search, 'special', ['only'] as const),
  }),
  component: lazyRouteComponent(() => import('../pages/products/products.tsx'), 'Products'),
})

const product = createRoute({
  getParentRoute: () => shell,
  path: '/products/$id',
  validateSearch: (search: Parameters) => ({ ...textsIn(search, 'days', 'chain'), ...listIn(search, 'store') }),
  component: lazyRouteComponent(() => import('../pages/products/product.tsx'), 'ProductPage'),
})

const compare = createRoute({
  getParentRoute: () => shell,
  path: '/compare',
  validateSearch: (search: Parameters) => listIn(search, 'product'),
  component: lazyRouteComponent(() => import('../pages/compare/compare.tsx'), 'ComparePage'),
})

const pairs = createRoute({
  getParentRoute: () => shell,
  path: '/pairs',
  component: lazyRouteComponent(() => import('../pages/pairs/pairs.tsx'), 'PairsPage'),
})

const keys = createRoute({
  getParentRoute: () => shell,
  path: '/keys',
  component: lazyRouteComponent(() => import('../pages/keys/keys.tsx'), 'Keys'),
})

const machines = createRoute({
  getParentRoute: () => shell,
  path: '/machines',
  validateSearch: (search: Parameters) => textsIn(search, 'add'),
  component: lazyRouteComponent(() => import('../pages/machines/machines.tsx'), 'Machines'),
})

const sessions = createRoute({
  getParentRoute: () => shell,
  path: '/sessions',
  component: lazyRouteComponent(() => import('../pages/keys/sessions.tsx'), 'Sessions'),
})

const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  component: lazyRouteComponent(() => import('../pages/keys/audit.tsx'), 'Audit'),
})

const notices = createRoute({
  getParentRoute: () => shell,
  path: '/notices',
  component: lazyRouteComponent(() => import('../pages/notices/notices.tsx'), 'NoticesPage'),
})

const system = createRoute({
  getParentRoute: () => shell,
  path: '/system',
  component: lazyRouteComponent(() => import('../pages/system/system.tsx'), 'System'),
})

const pages = [
  overview,
  sources,
  store,
  uploads,
  upload,
  scrape,
  rejects,
  holds,
  findings,
  changes,
  products,
  product,
  compare,
  pairs,
  machines,
  keys,
  sessions,
  audit,
  notices,
  system,
]
const routeTree = root.addChildren([signIn, docs, shell.addChildren(pages)])

/** Makes the router of the page. */
export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree,
    context: { client },
    parseSearch,
    stringifySearch,
    // Parameters that a page does not declare are dropped: the server refuses unknown filters.
    search: { strict: true },
    defaultPreload: 'intent',
    defaultPendingComponent: Loading,
    defaultErrorComponent: PageError,
    scrollRestoration: true,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
