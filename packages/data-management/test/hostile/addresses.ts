/** Keys, methods and addresses that are wrong, and what a sender without a key can make the server do: nothing. */
import { GZIP } from './contents.ts'
import { type HostileCase, requestOf, uploadOf } from './hostile-case.ts'

function withKey(what: string, fields: Record<string, string>): HostileCase {
  return { what, bytes: uploadOf(GZIP, fields), statuses: [401], code: 'key_refused' }
}

function at(what: string, line: string, status: number, code: string): HostileCase {
  return { what, bytes: requestOf(line, {}), statuses: [status], code }
}

const GOOD = { 'X-API-Key': '' }

const KEYS: HostileCase[] = [
  withKey('no key', GOOD),
  withKey('a key that is not one', { 'X-API-Key': 'x' }),
  withKey('a key of fifteen thousand characters', { 'X-API-Key': 'x'.repeat(15_000) }),
  withKey('two keys in one field', { 'X-API-Key': '{key}, {key}' }),
  withKey('a key with quotes', { 'X-API-Key': '"{key}"' }),
  withKey('a key with a character too many', { 'X-API-Key': '{key}x' }),
  withKey('a key with SQL', { 'X-API-Key': "splitcart_' or 1=1 --" }),
  withKey('a key as a password', { ...GOOD, Authorization: `Basic ${Buffer.from('{key}:').toString('base64')}` }),
  withKey('a bearer without a key', { ...GOOD, Authorization: 'Bearer' }),
  withKey('a key without bearer', { ...GOOD, Authorization: '{key}' }),
  withKey('a key in a cookie', { ...GOOD, Cookie: 'X-API-Key={key}; key={key}' }),
  withKey('a key under a name with an underscore', { ...GOOD, X_API_Key: '{key}' }),
  {
    what: 'a wrong key beside a right bearer',
    bytes: requestOf('GET /api/uploads', { 'X-API-Key': 'x', Authorization: 'Bearer {key}' }),
    statuses: [400],
    code: 'request_invalid',
  },
  {
    what: 'a key in the address',
    bytes: requestOf('GET /api/uploads?key={key}&X-API-Key={key}', GOOD),
    statuses: [401],
    code: 'key_refused',
  },
  {
    what: 'a request for 100 before the upload, without a key: no 100',
    bytes: uploadOf('', { ...GOOD, Expect: '100-continue', 'Content-Length': '1000' }),
    statuses: [401],
    code: 'key_refused',
  },
  {
    what: 'a bomb without a key',
    bytes: uploadOf(Buffer.alloc(1024, 'x'), { ...GOOD, 'Content-Length': '1000000000' }),
    statuses: [401],
    code: 'key_refused',
  },
]

const ADDRESSES: HostileCase[] = [
  at('the root', 'GET /', 404, 'not_found'),
  at('a way up', 'GET /../../etc/passwd', 404, 'not_found'),
  at('an encoded way up', 'GET /%2e%2e/%2e%2e/etc/passwd', 404, 'not_found'),
  at('a way up in an id', 'GET /api/uploads/..%2f..%2fledger.db', 404, 'not_found'),
  at('a way up in the id of a resumable upload', 'HEAD /api/upload/resumable/..%2f..%2fledger.db', 412, ''),
  at('a NUL in an id', 'GET /api/uploads/%00', 404, 'not_found'),
  at('SQL in an id', "GET /api/uploads/'%20or%20'1'='1", 404, 'not_found'),
  at('an id of ten thousand characters', `GET /api/uploads/${'a'.repeat(10_000)}`, 404, 'not_found'),
  at('a broken escape', 'GET /%zz', 400, 'request_invalid'),
  at('an escape that is no UTF-8', 'GET /api/uploads/%ff%fe', 400, 'request_invalid'),
  at('two slashes', 'GET //api/uploads', 404, 'not_found'),
  at('capitals', 'GET /API/UPLOADS', 404, 'not_found'),
  at('an address of another server', 'GET http://169.254.169.254/latest/meta-data', 404, 'not_found'),
  at('an asterisk', 'OPTIONS *', 404, 'not_found'),
  at('a tunnel', 'CONNECT example.org:443', 405, 'method_not_allowed'),
  at('a trace', 'TRACE /api/uploads', 405, 'method_not_allowed'),
  at('a DELETE', 'DELETE /api/uploads/x', 405, 'method_not_allowed'),
  at('WebDAV', 'PROPFIND /api/upload/', 405, 'method_not_allowed'),
  at('a GET of the upload address', 'GET /api/upload/', 405, 'method_not_allowed'),
  { what: 'an unknown parameter', bytes: requestOf('GET /api/uploads?__proto__[x]=1', {}), statuses: [200] },
  at('a limit that is no number', 'GET /api/uploads?limit=1e9', 400, 'request_invalid'),
  at('a limit that is too large', 'GET /api/uploads?limit=201', 400, 'request_invalid'),
  at('a limit that is given twice', 'GET /api/uploads?limit=1&limit=2', 400, 'request_invalid'),
  at('a state that does not exist', "GET /api/uploads?state='--", 400, 'request_invalid'),
  at('the audit, with a key for uploads', 'GET /api/audit', 403, 'scope_missing'),
  at('the metrics, with a key for uploads', 'GET /metrics', 403, 'scope_missing'),
  at('the products, with a key for uploads', 'GET /api/products?q=milk', 403, 'scope_missing'),
]

export const ADDRESS_CASES: readonly HostileCase[] = [...KEYS, ...ADDRESSES]
