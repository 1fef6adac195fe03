/**
 * A stranger between a sender and a server: a proxy that passes everything on, until it is told to answer itself (a portal, a
 * firewall, a broken proxy) or to change what passes.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request as openRequest, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Answers a request itself; `pass` hands it on, with another method or without some fields where that is said. */
export type Stranger = (request: IncomingMessage, response: ServerResponse, pass: Pass) => unknown

export type Pass = (change?: Change) => void

/** What is changed of a request on its way, and of its answer. */
export type Change = Readonly<{
  method?: string
  withoutFields?: readonly string[]
  withoutAnswerFields?: readonly string[]
}>

export type StrangerProxy = AsyncDisposable & {
  readonly url: string
  /** The requests that came, as "POST /path". */
  readonly heard: string[]
  /** Who answers; nobody: all is passed on. */
  stranger: Stranger | undefined
}

/** Opens a proxy to a port of this machine. */
export async function openStrangerProxy(port: number): Promise<StrangerProxy> {
  const heard: string[] = []
  const state = { heard, stranger: undefined as Stranger | undefined }
  const server = createServer((request, response) => {
    heard.push(`${request.method} ${request.url}`)
    request.on('error', () => {})
    const pass: Pass = (change = {}) => passOn(request, response, port, change)
    if (state.stranger === undefined) pass()
    else state.stranger(request, response, pass)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async () => {
    server.closeAllConnections()
    server.close()
  }
  return Object.assign(state, { url, [Symbol.asyncDispose]: close })
}

function passOn(request: IncomingMessage, response: ServerResponse, port: number, change: Change): void {
  const headers = without(request.headers, change.withoutFields)
  const method = change.method ?? request.method
  const up = openRequest({ port, host: '127.0.0.1', path: request.url, method, headers, agent: false })
  up.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, without(answer.headers, change.withoutAnswerFields))
    if (request.method === 'HEAD') answer.resume().on('end', () => response.end())
    else answer.pipe(response)
  })
  up.on('error', () => response.destroy())
  response.on('close', () => up.destroy())
  request.pipe(up)
}

function without<T extends object>(headers: T, names: readonly string[] = []): T {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name))) as T
}

const PAGE =
  '<!DOCTYPE html><html><head><title>Access \u202edenied\u0007</title></head><body>Ask your operator.</body></html>'
const OUR_SHAPE = (status: number) =>
  JSON.stringify({
    type: 'urn:splitcart:problem:body_damaged',
    status,
    code: 'body_damaged',
    title: 'T',
    detail: 'd',
    todo: 't',
  })
const THEIR_SHAPE = (status: number) =>
  JSON.stringify({
    type: 'about:blank',
    status,
    title: 'Bad Request',
    detail: 'blocked by policy',
    code: 'blocked',
    todo: '',
  })

type Say = (response: ServerResponse, status: number) => unknown

function saying(type: string | undefined, body: (status: number) => string | Buffer, more: object = {}): Say {
  return (response, status) => {
    response.writeHead(status, { server: 'portal/1.0', ...(type !== undefined && { 'content-type': type }), ...more })
    response.end(body(status))
  }
}

/** What a stranger says, whatever the status. */
export const BODIES: Readonly<Record<string, Say>> = {
  'a page in HTML': saying('text/html', () => PAGE),
  'no body': saying(undefined, () => ''),
  'JSON of another shape': saying('application/json', () => '{"ok":true,"uploads":{}}'),
  'a problem of another program': saying('application/problem+json', THEIR_SHAPE),
  'our document as plain JSON': saying('application/json', OUR_SHAPE),
  'our document with another status': saying('application/problem+json', (status) => OUR_SHAPE(status + 1)),
  'a huge body': saying('text/html', () => Buffer.alloc(3_000_000, PAGE)),
  'a huge body of JSON': saying('application/json', () => Buffer.alloc(3_000_000, '["x",')),
  'a truncated body': (response, status) => {
    response.writeHead(status, { 'content-type': 'text/html', 'content-length': '5000' })
    response.write(PAGE, () => response.destroy())
  },
  'a body that is not gzip': saying('text/html', () => PAGE, { 'content-encoding': 'gzip' }),
  'a slow body': async (response, status) => {
    response.writeHead(status, { 'content-type': 'text/html' })
    for (const part of [PAGE.slice(0, 40), PAGE.slice(40)]) {
      response.write(part)
      await sleep(50)
    }
    response.end()
  },
}

/** The statuses that were seen of proxies, portals, firewalls and caches. */
export const STATUSES = [
  200, 201, 202, 204, 301, 302, 307, 400, 401, 403, 404, 405, 407, 409, 410, 411, 412, 413, 415, 418, 422, 423, 429,
  431, 451, 500, 501, 502, 503, 504, 507, 511, 520,
] as const

/** Answers every request with a status and a body. */
export function strangerSaying(status: number, body: string): Stranger {
  return (request, response) => {
    // Early, as most of them do: what is sent after it is thrown away.
    request.resume()
    if (status >= 300 && status < 400) response.setHeader('location', 'http://portal.invalid/login')
    BODIES[body]!(response, status)
  }
}

/** The steps of a POST and of a resumable upload. */
export const STEPS: Readonly<Record<string, (request: IncomingMessage) => boolean>> = {
  POST: ({ url }) => url!.startsWith('/api/upload/products/'),
  create: ({ method, url }) => method === 'POST' && url!.startsWith('/api/upload/resumable/'),
  HEAD: ({ method }) => method === 'HEAD',
  PATCH: ({ method }) => method === 'PATCH',
  heartbeat: ({ url }) => url!.startsWith('/heartbeat'),
  results: ({ method, url }) => method === 'GET' && url!.startsWith('/api/uploads'),
}

/** A stranger who meddles with some requests and passes the others on. */
export function onlyAt(step: string, stranger: Stranger): Stranger {
  return (request, response, pass) => (STEPS[step]!(request) ? stranger(request, response, pass) : pass())
}

/** A stranger who takes over with the first request of a step, and answers everything from then on. */
export function takingOverAt(step: string, stranger: Stranger): Stranger {
  let isHere = false
  return (request, response, pass) => {
    isHere ||= STEPS[step]!(request)
    return isHere ? stranger(request, response, pass) : pass()
  }
}

const REQUEST_FIELDS = [
  'content-encoding',
  'content-disposition',
  'content-type',
  'unencoded-digest',
  'tus-resumable',
  'upload-metadata',
]
const ANSWER_FIELDS = ['upload-offset', 'location', 'content-type', 'tus-resumable', 'upload-receipt']

/** Those who pass requests on, and change something of them. */
export const MEDDLERS: Readonly<Record<string, Stranger>> = {
  ...Object.fromEntries(
    REQUEST_FIELDS.map((name) => [`without ${name}`, ((_q, _a, pass) => pass({ withoutFields: [name] })) as Stranger]),
  ),
  ...Object.fromEntries(
    ANSWER_FIELDS.map((name) => [
      `answers without ${name}`,
      ((_q, _a, pass) => pass({ withoutAnswerFields: [name] })) as Stranger,
    ]),
  ),
  'HEAD as GET': (request, _response, pass) => pass(request.method === 'HEAD' ? { method: 'GET' } : {}),
}
