/**
 * Serves the built dashboard: `index.html` at each of its addresses, and its assets under `/assets/` with hashed names.
 * At an unknown address a browser gets `index.html` with 404; other clients get a problem document.
 *
 * No authentication is needed: the files contain no data. The dashboard gets data from the API, with a session.
 */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import { undefinedIfMissing } from '@splitcart/shared/disk.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** The addresses of the dashboard's pages, as in dashboard/app/router.tsx. A test checks that both lists are equal. */
export const PAGE_ADDRESSES = [
  '/',
  '/sign-in',
  '/sources',
  '/store',
  '/uploads',
  '/uploads/:id',
  '/scrape',
  '/rejects',
  '/holds',
  '/findings',
  '/changes',
  '/products',
  '/products/:id',
  '/compare',
  '/pairs',
  '/keys',
  '/machines',
  '/audit',
  '/notices',
  '/sessions',
  '/system',
  '/docs',
]

// Allows only files of this host: no inline scripts or styles, no framing, no form submissions.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const YEAR_MS = 365 * DAY_MS

const NOT_BUILT_HTML = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>SplitCart</title>
<h1>The page is not built yet</h1>
<p>In the folder of the program, run</p>
<pre>npm ci &amp;&amp; npm run build</pre>
<p>and load this again; the server need not be restarted. The API works meanwhile.</p>
</html>
`

/** Adds the routes. `folder`: where `npm run build` puts the dashboard; it need not exist yet. */
export async function pageRoutes(server: FastifyInstance, folder: string): Promise<void> {
  for (const address of PAGE_ADDRESSES)
    server.get(address, { schema: { hide: true } }, async (_request, reply) => sendIndex(reply, folder, 200))
  server.get('/*', { schema: { hide: true } }, async (request, reply) =>
    isUnknownPage(request) ? sendIndex(reply, folder, 404) : reply.callNotFound(),
  )
  await server.register(fastifyStatic, {
    root: join(folder, 'assets'),
    prefix: '/assets/',
    decorateReply: false,
    schemaHide: true,
    index: false,
    preCompressed: true,
    immutable: true,
    maxAge: YEAR_MS,
    // One wildcard route, and no warning if the folder is missing: the dashboard may be built while the server runs.
    wildcard: true,
    suppressWarning: true,
  })
}

/** Whether a browser requests a page, outside of `/api/`. */
function isUnknownPage({ url, headers }: FastifyRequest): boolean {
  return !url.startsWith('/api/') && headers.accept?.includes('text/html') === true
}

async function sendIndex(reply: FastifyReply, folder: string, status: number): Promise<FastifyReply> {
  const index = await readIndex(folder)
  return reply
    .code(index === undefined ? 503 : status)
    .headers({ 'content-security-policy': CONTENT_SECURITY_POLICY, 'cache-control': 'no-cache' })
    .type('text/html; charset=utf-8')
    .send(index ?? NOT_BUILT_HTML)
}

async function readIndex(folder: string): Promise<string | undefined> {
  return await readFile(join(folder, 'index.html'), 'utf8').catch(undefinedIfMissing)
}
