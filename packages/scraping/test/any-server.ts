/** A server on a port of its own that stands for any server: it takes uploads, and answers something else when it is told to. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { freePorts } from '../../../test/free-ports.ts'

/** A request that was read to its end. */
export type Heard = Readonly<{ method: string; path: string; headers: IncomingMessage['headers']; body: Buffer }>

/** An answer instead of the usual one; `cut` breaks the connection after the request was taken. */
export type Said =
  | 'cut'
  | 'cut after taking it'
  | Readonly<{ status: number; headers?: Record<string, string>; body?: string | object }>

export type AnyServer = AsyncDisposable & {
  /** What every request is answered as long as it is set: a stranger in front of the server. */
  always: Said | undefined
  /** What reports of machines are answered. */
  report: Said
} & Readonly<{
    url: URL
    heard: Heard[]
    /** What the next uploads are answered, in order; after that as usual. */
    next: Said[]
    /** Every upload that was taken, by its id. */
    uploads: Map<string, Receipt>
    contents: Map<string, Buffer>
    rejects: Map<string, string>
    close: () => Promise<void>
  }>

/** Opens one. Nobody else is given its port, so that nobody answers there when it is closed. */
export async function anyServer(port?: number): Promise<AnyServer> {
  const state = {
    heard: [] as Heard[],
    next: [] as Said[],
    always: undefined as Said | undefined,
    report: { status: 204 } as Said,
    uploads: new Map<string, Receipt>(),
    contents: new Map<string, Buffer>(),
    rejects: new Map<string, string>(),
  }
  const server = createServer(async (request, response) => {
    try {
      answer(state, await hear(request), response)
    } catch {
      response.destroy()
    }
  })
  server.listen(port ?? (await freePorts(1))[0], '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return Object.assign(state, { url, close, [Symbol.asyncDispose]: close })
}

type State = Pick<AnyServer, 'heard' | 'next' | 'always' | 'report' | 'uploads' | 'contents' | 'rejects'>

async function hear(request: IncomingMessage): Promise<Heard> {
  const { method = '', url = '', headers } = request
  return { method, path: url, headers, body: Buffer.concat(await request.toArray()) }
}

function answer(state: State, heard: Heard, response: ServerResponse): void {
  state.heard.push(heard)
  const said = state.always ?? usual(state, heard)
  if (said === 'cut after taking it') take(state, heard)
  if (typeof said === 'string') response.destroy()
  else say(response, said)
}

function usual(state: State, heard: Heard): Said {
  if (heard.method === 'GET') return resource(state, heard.path)
  if (heard.path === '/api/heartbeat') return state.report
  // Whoever asks whether the server is there sends nothing.
  if (heard.body.length === 0) return { status: 415, body: problem(415, 'media_type_unsupported') }
  return state.next.shift() ?? take(state, heard)
}

function resource({ uploads, rejects }: State, path: string): Exclude<Said, string> {
  if (/^\/api\/uploads\?/.test(path)) return { status: 200, body: { uploads: [...uploads.values()], next: null } }
  const [, id = '', rest] = /\/api\/uploads\/([^/]+)(\/rejects)?$/.exec(path) ?? []
  const receipt = uploads.get(id)
  if (receipt === undefined) return { status: 404, body: problem(404, 'not_found') }
  if (rest === undefined) return { status: 200, body: receipt }
  return {
    status: 200,
    headers: { 'content-type': 'application/x-ndjson' },
    body: rejects.get(id) ?? rejectsOf(receipt),
  }
}

function rejectsOf({ load }: Receipt): string {
  const lines = Array.from({ length: load?.rejected ?? 0 }, (_, index) => ({ line: index + 1, code: 'x', reason: 'x' }))
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}

function take({ uploads, contents }: State, { headers, body }: Heard): Exclude<Said, string> {
  const content = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : zstdDecompressSync(body)
  const sha256 = createHash('sha256').update(content).digest('hex')
  const id = `id-${sha256.slice(0, 8)}`
  const known = uploads.get(id)
  if (known !== undefined) return { status: 200, body: { ...known, duplicate: true } }
  const receipt = receiptFor(id, sha256, content)
  uploads.set(id, receipt)
  contents.set(id, content)
  return { status: 201, body: receipt }
}

function receiptFor(id: string, sha256: string, content: Buffer): Receipt {
  const lines = content.toString().split('\n').length - 1
  const rest = { received_at: '2026-01-01T00:00:00.000Z', duplicate: false, message: 'taken', load: null }
  return { id, filename: 'x.jsonl', sha256, bytes: content.length, lines, state: 'accepted', ...rest }
}

/** The receipt of a finished load. */
export function loaded(receipt: Receipt, rejected = 0): Receipt {
  const counts = {
    rows: receipt.lines,
    inserted: receipt.lines - rejected,
    changed: 0,
    unchanged: 0,
    duplicate: 0,
    rejected,
  }
  return {
    ...receipt,
    state: 'loaded',
    load: { ...counts, warnings: 0, finished_at: '2026-01-01T00:00:01.000Z', problem: null },
  }
}

/** A problem document as our server sends it. */
export function problem(status: number, code: string): object {
  return {
    type: `urn:splitcart:problem:${code}`,
    status,
    code,
    title: 'A title',
    detail: `about ${code}`,
    todo: 'Something.',
  }
}

function say(response: ServerResponse, { status, headers = {}, body = '' }: Exclude<Said, string>): void {
  if (typeof body === 'object')
    response.setHeader('content-type', 'type' in body ? 'application/problem+json' : 'application/json')
  response.writeHead(status, headers)
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}
