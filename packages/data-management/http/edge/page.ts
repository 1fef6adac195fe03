/**
 * The built page: `index.html` for each of its addresses, and its parts under `/assets/`, whose names change with their content.
 * A browser that asks for no page there is gets the page too, with 404; programs get the problem document that they get anywhere.
 *
 * Open to everybody: it holds nothing but the program. What it shows it asks the API for, with the session of whoever looks.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const ADDRESSES = [
  '/',
  '/sign-in',
  '/sources',
  '/uploads',
  '/uploads/:id',
  '/scrape',
  '/rejects',
  '/holds',
  '/products',
  '/products/:id',
  '/pairs',
  '/keys',
  '/audit',
  '/sessions',
  '/system',
  '/docs',
]

// Files of its own and nothing else: no inline script or style, no other host, no frame around it, no form that leads elsewhere.
const POLICY = [
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

const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>SplitCart</title>
<h1>The page is not built yet</h1>
<p>In the folder of the program, run</p>
<pre>npm ci &amp;&amp; npm run build</pre>
<p>and load this again; the server need not be restarted. The API works meanwhile.</p>
</html>
`

/** Adds the routes. `folder` is where `npm run build` has put the page, or will. */
export async function pageRoutes(server: FastifyInstance, folder: string): Promise<void> {
  for (const address of ADDRESSES)
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
    // One route for all of them, and no warning that there are none: the page may be built while the server runs.
    wildcard: true,
    suppressWarning: true,
  })
}

/** Whether a person has come to an address that is none. */
function isUnknownPage({ url, headers }: FastifyRequest): boolean {
  return !url.startsWith('/api/') && headers.accept?.includes('text/html') === true
}

async function sendIndex(reply: FastifyReply, folder: string, status: number): Promise<FastifyReply> {
  const index = await indexIn(folder)
  return reply
    .code(index === undefined ? 503 : status)
    .headers({ 'content-security-policy': POLICY, 'cache-control': 'no-cache' })
    .type('text/html; charset=utf-8')
    .send(index ?? NOT_BUILT)
}

async function indexIn(folder: string): Promise<string | undefined> {
  try {
    return await readFile(join(folder, 'index.html'), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
