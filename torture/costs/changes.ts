/** What people change, and how keys and sessions come and go. */
import { type Asked, asked, sends, type There } from './asked.ts'
import { SILENT_EVERY } from './large-ledger.ts'

const SKUS_MAX = 5_000
const NEW_KEY = { name: 'made', scopes: ['upload', 'read', 'admin'] }

const listing = (number: number) => ({ company: `company${1 + (number % 3)}`, sku: `sku${number}` })
const action = (name: string, from: (there: There) => readonly string[], begin: number) =>
  sends(`POST /api/uploads/{id}/${name}`, (there) => `/api/uploads/${from(there)[begin + there.tries]}/${name}`)

/** What people change. */
export const CHANGES: readonly Asked[] = [
  action('release', ({ held }) => held, 0),
  action('replay', ({ held }) => held, 8),
  action('discard', ({ held }) => held, 16),
  action('undo', ({ loaded }) => loaded, 0),
  sends(
    'PUT /api/stores/settings',
    () => '/api/stores/settings',
    () => {
      return { store: 'company1/s3', expected_days: 3, is_retired: false, snoozed_until: null, note: 'x'.repeat(1_000) }
    },
  ),
  sends(
    'POST /api/barcodes/lookup',
    () => '/api/barcodes/lookup',
    () => ({ company: 'company1', skus: Array.from({ length: SKUS_MAX }, (_, index) => `sku${index}`) }),
  ),
  sends(
    'POST /api/verdicts',
    () => '/api/verdicts',
    ({ tries, sizes }) => {
      return { a: listing(sizes.listings - tries), b: listing(sizes.listings - tries - 1), verdict: 'comparable' }
    },
  ),
  sends('POST /api/verdicts/{id}/undo', ({ tries }) => `/api/verdicts/${1 + tries}/undo`),
  sends(
    'POST /api/beliefs',
    () => '/api/beliefs',
    ({ tries }) => ({ company: 'company1', store_id: `s${3 + 3 * tries}`, rule: 'one_brand' }),
  ),
  sends('POST /api/beliefs/{id}/undo', ({ tries }) => `/api/beliefs/${1 + tries}/undo`),
  sends(
    'POST /api/attention/tick',
    () => '/api/attention/tick',
    ({ tries }) => ({ ...silentStore(tries), until: null }),
  ),
  sends(
    'POST /api/attention/untick',
    () => '/api/attention/untick',
    ({ tries }) => silentStore(tries),
  ),
  sends('POST /api/notices/test', () => '/api/notices/test'),
  sends(
    'POST /api/watches',
    () => '/api/watches',
    ({ tries, sizes }) => ({ product_id: sizes.listings - tries, rule: 'low' }),
  ),
  asked('DELETE /api/watches/{id}', ({ tries }) => ({ path: `/api/watches/${1 + tries}` })),
]

function silentStore(tries: number) {
  const number = SILENT_EVERY * (1 + tries)
  return { kind: 'silent', subject: JSON.stringify([`company${1 + (number % 3)}`, `s${number}`]) }
}

/** Keys and sessions. */
export const ACCESS: readonly Asked[] = [
  sends(
    'POST /api/keys',
    () => '/api/keys',
    () => NEW_KEY,
  ),
  asked('POST /api/keys/{id}/rotate', async ({ ask }) => {
    const { id } = await ask<{ id: string }>('POST', '/api/keys', NEW_KEY)
    return { path: `/api/keys/${id}/rotate`, body: {} }
  }),
  asked('POST /api/keys/{id}/revoke', async ({ ask }) => {
    const { id } = await ask<{ id: string }>('POST', '/api/keys', NEW_KEY)
    return { path: `/api/keys/${id}/revoke?successors=true` }
  }),
  asked('POST /api/keys/self/revoke', '/api/keys/self/revoke'),
  sends(
    'POST /api/session',
    () => '/api/session',
    ({ key }) => ({ key }),
  ),
  asked('DELETE /api/session', async ({ url, key }) => {
    const signIn = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ key }) }
    const cookie = (await fetch(`${url}/api/session`, signIn)).headers.getSetCookie()[0]!.split(';')[0]!
    return { path: '/api/session', headers: { cookie, 'sec-fetch-site': 'same-origin' }, key: '' }
  }),
  asked('DELETE /api/sessions/{id}', async ({ ask, key }) => {
    await ask('POST', '/api/session', { key })
    const { sessions } = await ask<{ sessions: { id: string }[] }>('GET', '/api/sessions')
    return { path: `/api/sessions/${sessions[0]!.id}` }
  }),
  sends(
    'POST /api/invitations',
    () => '/api/invitations',
    () => NEW_KEY,
  ),
  asked('POST /api/invitations/take', async ({ ask }) => {
    const { code } = await ask<{ code: string }>('POST', '/api/invitations', NEW_KEY)
    return { path: '/api/invitations/take', body: { code }, key: '' }
  }),
]
