/** What is read, in the way that costs most. */
import { type Asked, asked, gets, late, type There } from './asked.ts'
import { COMMON_WORD } from './large-data.ts'

const PER_PAGE = 200

/** What is asked about the newest upload, a held one, in several ways. */
const ofNewest =
  (rest = '') =>
  (there: There) => ({ path: `/api/uploads/${there.newest[0]}${rest}` })
const bySender = (path: string) => (there: There) => ({ path, key: there.senderKey })

/** All of it. */
export const READS: readonly Asked[] = [
  ...gets('/healthz', '/healthz'),
  ...gets('/readyz', '/readyz'),
  ...gets('/metrics', '/metrics'),
  ...gets('/api/openapi.json', '/api/openapi.json'),
  ...gets('/api/overview', '/api/overview'),
  ...gets('/api/system', '/api/system'),
  ...gets('/api/session', '/api/session'),
  ...gets('/api/sessions', '/api/sessions'),
  ...gets('/api/sources', '/api/sources', '/api/sources?state=good&limit=200', '/api/sources?store=company1/s3'),
  ...gets('/api/references', '/api/references?company=company1&store_id=s3&date=2030-01-01'),
  ...gets('/api/stores', '/api/stores?limit=500'),
  ...gets('/api/scrapes', ({ sizes: { stores } }) => {
    return { path: `/api/scrapes?store=company1/s${stores - (stores % 3)}` }
  }),
  ...gets('/api/keys', '/api/keys?limit=500'),
  ...gets('/api/audit', `/api/audit?limit=${PER_PAGE}`),
  ...gets('/api/changes', '/api/changes', '/api/changes?days=366&sort=cents&limit=200'),
  ...gets('/api/findings', '/api/findings'),
  ...gets('/api/suggestions', '/api/suggestions?limit=100'),
  ...gets('/api/verdicts', `/api/verdicts?limit=${PER_PAGE}`),
  ...gets('/api/watches', '/api/watches'),
  ...gets('/api/notices', `/api/notices?limit=${PER_PAGE}`),
  ...gets('/api/rejects', '/api/rejects?limit=100'),
  ...gets('/api/products', '/api/products', ...[`q=${COMMON_WORD}`, 'company=company1', 'sku=sku7'].map(productsWith)),
  late('/api/products', productsWith(`q=${COMMON_WORD}%20nu&prices=true&limit=100`)),
  late('/api/products/{id}', '/api/products/1'),
  ...gets('/api/products/{id}', ({ sizes }) => ({ path: `/api/products/${sizes.listings}` })),
  late('/api/products/{id}/prices', '/api/products/1/prices?limit=20'),
  late('/api/products/{id}/chains', '/api/products/1/chains'),
  // No shop tells of one.
  asked('GET /api/products/{id}/picture', '/api/products/1/picture', 404),
  ...gets('/api/export/products', '/api/export/products'),
  ...gets(
    '/api/uploads',
    '/api/uploads?q=nowhere',
    '/api/uploads?q=1.jsonl&limit=200',
    '/api/uploads?key=settings&state=failed',
    `/api/uploads?sort=rejected&order=desc&limit=${PER_PAGE}`,
    `/api/uploads?sort=filename&state=failed&limit=${PER_PAGE}`,
    bySender(`/api/uploads?limit=${PER_PAGE}`),
    bySender(`/api/uploads?limit=${PER_PAGE}&state=failed`),
    (there) => bySender(`/api/uploads?ids=${there.loaded.slice(0, 100).join(',')}`)(there),
  ),
  ...gets('/api/uploads/requested', bySender('/api/uploads/requested')),
  ...gets('/api/uploads/{id}', ofNewest(), (there) => ({ ...ofNewest()(there), key: there.senderKey })),
  ...gets('/api/uploads/{id}/preview', ofNewest('/preview')),
  // One in five has some.
  ...[0, 1, 2, 3, 4].flatMap((index) =>
    gets('/api/uploads/{id}/rejects', ({ newest }) => ({ path: `/api/uploads/${newest[index]}/rejects` })),
  ),
]

function productsWith(query: string): string {
  return `/api/products?${query}`
}
