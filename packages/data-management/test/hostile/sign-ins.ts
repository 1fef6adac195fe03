/** Small bodies and cookies that are wrong: what somebody without a session, or with the key of a sender, can make the server do. */
import { type HostileCase, requestOf } from './hostile-case.ts'

const JSON_TYPE = { 'Content-Type': 'application/json' }
const NO_KEY = { 'X-API-Key': '' }
// A key, than what stands for it here.
const KEY_IS_LONGER_BY = 59 - '{key}'.length
const TOKEN = 'A'.repeat(43)

type Fields = Readonly<Record<string, string>>
type Refused = Readonly<{ status: number; code: string }>

const MALFORMED: Refused = { status: 400, code: 'request_invalid' }
const UNKNOWN: Refused = { status: 401, code: 'key_refused' }
const FOREIGN: Refused = { status: 403, code: 'cross_site' }

function refused(what: string, { status, code }: Refused, bytes: Buffer): HostileCase {
  return { what, bytes, statuses: [status], code }
}

function signIn(what: string, answer: Refused, body: string | Buffer, fields: Fields = {}): HostileCase {
  const length = { 'Content-Length': String(Buffer.byteLength(body) + keysIn(body) * KEY_IS_LONGER_BY) }
  return refused(what, answer, requestOf('POST /api/session', { ...NO_KEY, ...JSON_TYPE, ...length, ...fields }, body))
}

function keysIn(body: string | Buffer): number {
  return body.toString('latin1').split('{key}').length - 1
}

function withCookie(what: string, cookie: string): HostileCase {
  return refused(what, UNKNOWN, requestOf('GET /api/session', { ...NO_KEY, Cookie: cookie }))
}

const BODIES_OF_SIGN_INS: HostileCase[] = [
  signIn('a key that nobody has', UNKNOWN, '{"key": "x"}'),
  signIn('a key with SQL to sign in', UNKNOWN, `{"key": "' or '1'='1"}`),
  signIn('a key with a NUL', UNKNOWN, '{"key": "\\u0000"}'),
  signIn('a key with half a surrogate', UNKNOWN, '{"key": "\\ud800"}'),
  signIn('two keys in one object', UNKNOWN, '{"key": "{key}", "key": "x"}'),
  signIn('a list instead of a key', MALFORMED, '{"key": ["x", "y"]}'),
  signIn('an object instead of a key', MALFORMED, '{"key": {"$ne": ""}}'),
  signIn('a key and something else', MALFORMED, '{"key": "x", "scopes": ["admin"]}'),
  signIn('a prototype', MALFORMED, '{"__proto__": {"key": "x"}}'),
  signIn('a constructor', MALFORMED, '{"constructor": {"prototype": {"key": "x"}}}'),
  signIn('sixty thousand brackets', MALFORMED, '['.repeat(60_000)),
  signIn('bytes that are no UTF-8', MALFORMED, Buffer.from([0x7b, 0xff, 0xfe, 0x7d])),
  signIn('no body to sign in', MALFORMED, ''),
  signIn('more than is read', MALFORMED, `{"key": "${'x'.repeat(70_000)}"}`),
  signIn('a gigabyte that is announced', MALFORMED, '{', { 'Content-Length': '1000000000' }),
  signIn('a chunk of more than is read', MALFORMED, `11171\r\n${'x'.repeat(70_001)}\r\n0\r\n\r\n`, {
    'Content-Length': '',
    'Transfer-Encoding': 'chunked',
  }),
  signIn('a form', { status: 415, code: 'media_type_unsupported' }, 'key=x', {
    'Content-Type': 'application/x-www-form-urlencoded',
  }),
  signIn('JSON that says it is text', { status: 415, code: 'media_type_unsupported' }, '{"key": "{key}"}', {
    'Content-Type': 'text/plain',
  }),
  signIn('the page of another site', FOREIGN, '{"key": "{key}"}', { 'Sec-Fetch-Site': 'cross-site' }),
  signIn('an origin elsewhere', FOREIGN, '{"key": "{key}"}', { Origin: 'https://evil.example' }),
  signIn('an origin that is nothing', FOREIGN, '{"key": "{key}"}', { Origin: 'null' }),
  signIn('the key of a sender', { status: 403, code: 'scope_missing' }, '{"key": "{key}"}', { Origin: 'http://x' }),
]

const COOKIES: HostileCase[] = [
  withCookie('a cookie that nobody got', `splitcart_session=${TOKEN}`),
  withCookie('an empty cookie', 'splitcart_session='),
  withCookie('a cookie of fifteen thousand characters', `splitcart_session=${'A'.repeat(15_000)}`),
  withCookie('a cookie with SQL', "splitcart_session=' or 1=1 --"),
  withCookie('two cookies', `splitcart_session=${TOKEN}; splitcart_session=${TOKEN}`),
  withCookie('a key as a cookie', 'splitcart_session={key}'),
  refused(
    'a cookie and an order from another site',
    FOREIGN,
    requestOf('POST /api/uploads/7/undo', {
      ...NO_KEY,
      Cookie: `splitcart_session=${TOKEN}`,
      'Sec-Fetch-Site': 'same-site',
    }),
  ),
  refused(
    'a cookie and an order from who knows where',
    FOREIGN,
    requestOf('DELETE /api/session', { ...NO_KEY, Cookie: `splitcart_session=${TOKEN}` }),
  ),
  refused(
    'a cookie for an upload',
    UNKNOWN,
    requestOf('POST /api/upload/', {
      ...NO_KEY,
      Cookie: `splitcart_session=${TOKEN}`,
      'Sec-Fetch-Site': 'same-origin',
    }),
  ),
]

const ORDERS: HostileCase[] = [
  ...['release', 'discard', 'undo', 'replay'].map((action) =>
    refused(
      `a sender that wants to ${action}`,
      { status: 403, code: 'scope_missing' },
      requestOf(`POST /api/uploads/7/${action}`, {}),
    ),
  ),
  refused('a sender that makes a key', { status: 403, code: 'scope_missing' }, requestOf('POST /api/keys', {})),
  refused(
    'a sender that listens',
    { status: 403, code: 'scope_missing' },
    requestOf('GET /api/events', { Accept: 'text/event-stream' }),
  ),
  refused(
    'a sender that wants a file that is none of its own',
    { status: 404, code: 'not_found' },
    requestOf('GET /api/uploads/..%2f..%2fledger.db/content', {}),
  ),
  refused(
    'JSON that leads nowhere',
    { status: 404, code: 'not_found' },
    requestOf('POST /api/nothing', { ...JSON_TYPE, 'Content-Length': '2' }, '{}'),
  ),
]

export const SIGN_INS: readonly HostileCase[] = [...BODIES_OF_SIGN_INS, ...COOKIES, ...ORDERS]
