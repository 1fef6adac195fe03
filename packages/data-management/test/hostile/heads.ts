/** Heads that two programs could read in two ways, that are no HTTP, or that are too much. */
import { GZIP } from './contents.ts'
import { type HostileCase, requestOf, uploadOf } from './hostile-case.ts'

const LIST = 'GET /api/uploads HTTP/1.1\r\n'
const KEY = 'X-API-Key: {key}\r\n'
const HOST = 'Host: x\r\n'
const CLOSE = 'Connection: close\r\n'
const POST = `POST /api/upload/ HTTP/1.1\r\n${HOST}${KEY}`
const FILE = 'Content-Type: application/gzip\r\nContent-Disposition: attachment; filename="x.jsonl.gz"\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n'

function invalid(what: string, bytes: string | Buffer): HostileCase {
  return { what, bytes, statuses: [400], code: 'request_invalid' }
}

function refused(what: string, status: number, code: string, bytes: string | Buffer): HostileCase {
  return { what, bytes, statuses: [status], code }
}

const TWICE = {
  Host: 'x',
  'X-API-Key': '{key}',
  'X-Internal-API-Key': '{key}',
  Authorization: 'Bearer {key}',
  'Content-Type': 'application/gzip',
  'Content-Encoding': 'identity',
  'Content-Disposition': 'attachment; filename="x.jsonl.gz"',
  'Unencoded-Digest': 'sha-256=:AAAA:',
  Expect: '100-continue',
  'Tus-Resumable': '1.0.0',
  'Upload-Offset': '0',
  'Upload-Length': '1',
  'Upload-Metadata': 'a YQ==',
}

const DOUBLED = Object.entries(TWICE).map(([name, value]) =>
  invalid(
    `two fields ${name}`,
    `${LIST}${name === 'Host' ? '' : HOST}${`${name}: ${value}\r\n`.repeat(2)}${CLOSE}\r\n`,
  ),
)

const FRAMING: HostileCase[] = [
  invalid('a length and chunks', `${POST}${FILE}Content-Length: 5\r\n${CHUNKED}\r\n0\r\n\r\n`),
  invalid('chunks and a length', `${POST}${FILE}${CHUNKED}Content-Length: 5\r\n\r\n0\r\n\r\n`),
  invalid('two lengths', `${POST}${FILE}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`),
  invalid('two equal lengths', `${POST}${FILE}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`),
  invalid('a list of lengths', `${POST}${FILE}Content-Length: 5, 5\r\n\r\nhello`),
  invalid('a length with a plus', `${POST}${FILE}Content-Length: +5\r\n\r\nhello`),
  invalid('a length with a minus', `${POST}${FILE}Content-Length: -5\r\n\r\nhello`),
  invalid('a length in hexadecimal', `${POST}${FILE}Content-Length: 0x5\r\n\r\nhello`),
  invalid('a length of twenty-five digits', `${POST}${FILE}Content-Length: ${'9'.repeat(25)}\r\n\r\nhello`),
  invalid('an empty length', `${POST}${FILE}Content-Length: \r\n\r\nhello`),
  invalid('gzip and then chunked', `${POST}${FILE}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`),
  invalid('chunked and then gzip', `${POST}${FILE}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`),
  invalid('chunked twice in one field', `${POST}${FILE}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`),
  invalid('chunked twice in two fields', `${POST}${FILE}${CHUNKED}${CHUNKED}\r\n0\r\n\r\n`),
  invalid('a transfer encoding of identity', `${POST}${FILE}Transfer-Encoding: identity\r\n\r\n`),
  invalid('a transfer encoding that nearly is chunked', `${POST}${FILE}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`),
  invalid('a vertical tab before chunked', `${POST}${FILE}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`),
  invalid('chunks in HTTP/1.0', `POST /api/upload/ HTTP/1.0\r\n${KEY}${FILE}${CHUNKED}\r\n0\r\n\r\n`),
  invalid('a chunk size that is no number', `${POST}${FILE}${CHUNKED}\r\nzz\r\nhello\r\n0\r\n\r\n`),
  invalid('a chunk size beyond 64 bits', `${POST}${FILE}${CHUNKED}\r\n${'f'.repeat(17)}\r\nhello\r\n0\r\n\r\n`),
  invalid('a chunk size with a minus', `${POST}${FILE}${CHUNKED}\r\n-5\r\nhello\r\n0\r\n\r\n`),
  invalid('a chunk that is longer than it says', `${POST}${FILE}${CHUNKED}\r\n2\r\nhello\r\n0\r\n\r\n`),
  invalid('a chunk that ends in a bare newline', `${POST}${FILE}${CHUNKED}\r\n5\nhello\r\n0\r\n\r\n`),
  invalid(
    'a flood of chunk extensions',
    `${POST}${FILE}${CHUNKED}\r\n5;${'a=b;'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
  ),
  {
    what: 'a length that is too small: the rest is a request, and has no key',
    bytes: uploadOf(
      Buffer.concat([GZIP, Buffer.from('GET /api/uploads HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')]),
      {
        'Content-Length': String(GZIP.length),
        Connection: 'keep-alive',
      },
    ),
    statuses: [201, 401],
    code: 'key_refused',
    kept: ['x.jsonl'],
  },
  {
    what: 'a refused length that is too small: what follows is never a request',
    bytes: uploadOf(`${'a'.repeat(10)}GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`, {
      'Content-Length': '10',
      Connection: 'keep-alive',
    }),
    statuses: [400],
    code: 'body_damaged',
  },
  {
    what: 'a length that is too large',
    bytes: uploadOf(GZIP, { 'Content-Length': String(GZIP.length + 100) }),
    statuses: [400],
    code: 'request_invalid',
    ends: true,
  },
  {
    what: 'chunks that break off',
    bytes: `${POST}${FILE}${CHUNKED}\r\n20\r\nhello`,
    statuses: [400],
    code: 'request_invalid',
    ends: true,
  },
]

const NO_HTTP: HostileCase[] = [
  invalid('HTTP/0.9', 'GET /healthz\r\n\r\n'),
  invalid('HTTP/2.0', `GET /healthz HTTP/2.0\r\n${HOST}${CLOSE}\r\n`),
  invalid('HTTP/1.2', `GET /healthz HTTP/1.2\r\n${HOST}${CLOSE}\r\n`),
  invalid('HTTP/9.9', `GET /healthz HTTP/9.9\r\n${HOST}${CLOSE}\r\n`),
  invalid('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  invalid('a TLS handshake', Buffer.from('16030100f1010000ed0303', 'hex')),
  invalid('SSH', 'SSH-2.0-OpenSSH_9.6\r\n'),
  invalid('SMTP', 'HELO example.org\r\n'),
  invalid('NUL bytes', Buffer.alloc(64)),
  invalid('bytes of chance', Buffer.from('9d1fe2077c33ab5e9d1fe2077c33ab5e0d0a0d0a', 'hex')),
  invalid('a method in small letters', `get /healthz HTTP/1.1\r\n${HOST}\r\n`),
  invalid('a method that does not exist', `FETCH /healthz HTTP/1.1\r\n${HOST}\r\n`),
  invalid('no host', `GET /healthz HTTP/1.1\r\n${CLOSE}\r\n`),
  invalid('a bare newline in the head', `${LIST}${HOST}${KEY}A: b\nC: d\r\n\r\n`),
  invalid('a bare carriage return in a field', `${LIST}${HOST}${KEY}A: b\rC: d\r\n\r\n`),
  invalid('a folded field', `${LIST}${HOST}${KEY}A: b\r\n c\r\n\r\n`),
  invalid('a space before the colon', `${LIST}${HOST}X-API-Key : {key}\r\n\r\n`),
  invalid('a NUL in a field', `${LIST}${HOST}${KEY}A: b\0c\r\n\r\n`),
  invalid('a NUL in a name', `${LIST}${HOST}${KEY}A\0: b\r\n\r\n`),
  invalid('a field without a colon', `${LIST}${HOST}${KEY}nothing\r\n\r\n`),
  invalid('a field without a name', `${LIST}${HOST}${KEY}: b\r\n\r\n`),
  invalid('a space in the address', `GET /api/up loads HTTP/1.1\r\n${HOST}\r\n`),
  invalid('an address in UTF-8', `GET /api/uploads/\u00e9\u2028 HTTP/1.1\r\n${HOST}\r\n`),
]

const TOO_MUCH: HostileCase[] = [
  refused('a head of 17 KiB', 431, 'head_too_large', `${LIST}${HOST}${KEY}A: ${'x'.repeat(17 * 1024)}\r\n\r\n`),
  refused('an address of 17 KiB', 431, 'head_too_large', `GET /${'x'.repeat(17 * 1024)} HTTP/1.1\r\n${HOST}\r\n`),
  refused('a hundred and one fields', 431, 'head_too_large', `${LIST}${HOST}${'A: b\r\n'.repeat(100)}${CLOSE}\r\n`),
  refused('two thousand fields', 431, 'head_too_large', `${LIST}${HOST}${'A:\r\n'.repeat(2_500)}${KEY}${CLOSE}\r\n`),
  refused('another expectation', 417, 'expectation_unsupported', uploadOf(GZIP, { Expect: '200-maybe' })),
  refused(
    'two expectations in one field',
    417,
    'expectation_unsupported',
    uploadOf(GZIP, { Expect: '100-continue, 200-ok' }),
  ),
]

const ODD_BUT_FINE: HostileCase[] = [
  { what: 'HTTP/1.0', bytes: 'GET /healthz HTTP/1.0\r\n\r\n', statuses: [200] },
  {
    what: 'an upload in HTTP/1.0',
    bytes: Buffer.concat([
      Buffer.from(`POST /api/upload/ HTTP/1.0\r\n${KEY}${FILE}Content-Length: ${GZIP.length}\r\n\r\n`),
      GZIP,
    ]),
    statuses: [201],
    kept: ['x.jsonl'],
  },
  { what: 'an upgrade to websockets', bytes: upgrade('websocket'), statuses: [200] },
  { what: 'an upgrade to HTTP/2', bytes: upgrade('h2c'), statuses: [200] },
  { what: 'a field named __proto__', bytes: requestOf('GET /healthz', { ['__proto__']: 'x' }), statuses: [200] },
  { what: 'a field named constructor', bytes: requestOf('GET /healthz', { constructor: 'x' }), statuses: [200] },
  { what: 'an empty line before the request', bytes: `\r\n${String(requestOf('GET /healthz', {}))}`, statuses: [200] },
  {
    what: 'an upload in chunks with an extension and a trailer',
    bytes: Buffer.concat([
      Buffer.from(`${POST}${FILE}${CHUNKED}${CLOSE}\r\n${GZIP.length.toString(16)};a=b\r\n`),
      GZIP,
      Buffer.from('\r\n0\r\nX-API-Key: other\r\n\r\n'),
    ]),
    statuses: [201],
    kept: ['x.jsonl'],
  },
  {
    what: 'a request for 100 before the upload, with the key: 100, then the answer',
    bytes: uploadOf(GZIP, { Expect: '100-continue' }),
    statuses: [100, 201],
    kept: ['x.jsonl'],
  },
]

function upgrade(protocol: string): Buffer {
  return requestOf('GET /healthz', { Connection: 'Upgrade, close', Upgrade: protocol })
}

export const HEADS: readonly HostileCase[] = [...DOUBLED, ...FRAMING, ...NO_HTTP, ...TOO_MUCH, ...ODD_BUT_FINE]
