/** Settings: every fault at once and by name, no secret shown, and addresses that join to the right place. */
import assert from 'node:assert/strict'
import { isAbsolute, resolve } from 'node:path'
import { test } from 'node:test'
import { mustBeWritable, splitHosts, withoutPassword } from '../postgres-address.ts'
import { Problem } from '../problem.ts'
import { databaseFile, databaseServer, readSettings, resourceUrl, SETTINGS } from '../settings.ts'

const KEY = 'splitcart_0123456789'

function faultsOf(...given: Parameters<typeof readSettings>): string[] {
  try {
    readSettings(...given)
  } catch (error) {
    assert.ok(error instanceof Problem)
    assert.equal(error.code, 'settings_invalid')
    return error.detail.trim().split(/\n\s*/)
  }
  return []
}

test('without anything set every setting has its default', () => {
  const settings = readSettings({})
  assert.equal(settings.PORT, 8000)
  assert.equal(settings.HOST, '127.0.0.1')
  assert.equal(settings.BODY_BYTES_MAX, 512 * 1024 * 1024)
  assert.equal(settings.API_SERVER_URL, undefined)
})

test('every default is a value that the setting takes', () => {
  for (const [name, { fallback }] of Object.entries(SETTINGS))
    if (fallback !== undefined) assert.deepEqual(faultsOf({ [name]: fallback }), [])
})

test('a flag counts before the environment, the environment before the default', () => {
  assert.equal(readSettings({ PORT: '1' }, { PORT: '2' }).PORT, 2)
  assert.equal(readSettings({ PORT: '1' }, { PORT: undefined }).PORT, 1)
})

test('a variable that is set to nothing is not set', () => {
  assert.equal(readSettings({ PORT: '' }).PORT, 8000)
  assert.deepEqual(faultsOf({ API_SERVER_URL: '' }, {}, { required: ['API_SERVER_URL'] }).length, 1)
})

test('the settings cannot be changed after they are read', () => {
  assert.ok(Object.isFrozen(readSettings({})))
})

test('all faults are reported together, each by the name of its setting', () => {
  const environment = {
    PORT: 'soon',
    API_SECRET_KEY: 'with space',
    HOLD_ROWS_SHARE: '1.5',
    LOG_LEVEL: 'loud',
    DATABASE_URL: 'mysql://u:p@db/x',
    INBOX_URL: 's3://x',
    CURRENCY: 'dollars',
  }
  const faults = faultsOf(environment, { LINE_BYTES_MAX: '12' }, { required: ['API_SERVER_URL'] })
  assert.deepEqual(faults, [
    'API_SERVER_URL is required: where upload-data sends files, e.g. https://data.example.org',
    'API_SECRET_KEY: expected printable ASCII characters without spaces, got a value that is not shown here',
    'DATABASE_URL: expected sqlite:<path> or postgres://<host>/<database>, got "mysql://…@db/x"',
    'INBOX_URL: expected file:<data dir> or nats://<host>,<host>,<host>, got "s3://x"',
    'PORT: expected a whole number from 0 to 65535, got "soon"',
    'LINE_BYTES_MAX: expected a whole number from 1024, got "12"',
    'HOLD_ROWS_SHARE: expected a share from 0 to 1, got "1.5"',
    'CURRENCY: expected the code of a currency, such as AUD, got "dollars"',
    'LOG_LEVEL: expected one of fatal, error, warn, info, debug, silent, got "loud"',
  ])
})

test('a command of one machine is not stopped by what is set for the other, or for another program', () => {
  const environment = { DATABASE_URL: 'mysql://db/x', PORT: 'tcp://10.0.0.1', UPLOAD_CONCURRENCY: 'many' }
  assert.equal(faultsOf(environment, {}, { machine: 'data-management' }).length, 2)
  assert.equal(faultsOf(environment, {}, { machine: 'scraping' }).length, 1)
  assert.equal(faultsOf(environment).length, 3)
  const others = { PORT: '1', UPLOAD_CONCURRENCY: '9' }
  assert.equal(readSettings(others, {}, { machine: 'scraping' }).PORT, 8000)
  assert.equal(readSettings(others, {}, { machine: 'data-management' }).UPLOAD_CONCURRENCY, 1)
})

test('no fault shows a key or the password in an address', () => {
  const secrets = {
    API_SECRET_KEY: 'päss-word-päss-word',
    API_SERVER_URL: 'https://user:pass-word@data.example.org',
    DATABASE_URL: 'mysql://user:pass-word@data@example.org/splitcart',
  }
  assert.doesNotMatch(faultsOf(secrets).join('\n'), /-word/)
  assert.match(faultsOf(secrets).join('\n'), /mysql:\/\/…@example\.org/)
})

test('a fault in an address with a password or in a template says what is expected, and shows none of it', () => {
  for (const [name, value, expected] of [
    ['NOTICE_SMTP_URL', 'smtps://me:100%@mail.example.org', /expected %25 for each "%"/],
    ['NOTICE_NTFY_URL', 'https://ntfy.example.org/100%', /expected the address of a topic/],
    ['NOTICE_NTFY_URL', 'https://ntfy.example.org/', /expected the address of a topic/],
    ['HTTPS_PROXY', 'http://me:100%@proxy.example.org', /%25 for each "%"/],
    ['NOTICE_WEBHOOK_TEMPLATE', '{"token":"100%","content":"{{words}}"}', /NOTICE_WEBHOOK_TEMPLATE: expected/],
  ] as const) {
    const faults = faultsOf({ [name]: value })
    assert.equal(faults.length, 1)
    assert.match(faults[0]!, expected)
    assert.doesNotMatch(faults[0]!, /100%/)
  }
})

const REFUSED: readonly (readonly [name: string, values: readonly string[]])[] = [
  ['API_SERVER_URL', ['data.example.org', 'ftp://data.example.org', 'https://', '/api', 'C:\\data', 'https://u@d.org']],
  ['API_SECRET_KEY', ['sixteen chars or more', `${KEY}\n`, `${KEY}é`]],
  ['SCRAPING_DATA_DIR', ['C:\new', 'a\tb']],
  ['PORT', ['-1', '65536', '80.5', '1e3', ' 80', '0x50', '٨٠']],
  ['BODY_BYTES_MAX', ['0', '512 MiB', '9007199254740992']],
  ['HOLD_REJECTS_SHARE', ['-0.1', '1.1', '20%', '1e-1', '.', 'NaN']],
]

for (const [name, values] of REFUSED)
  for (const value of values)
    test(`${name} is not set to ${JSON.stringify(value)}`, () => {
      assert.equal(faultsOf({ [name]: value }).length, 1)
    })

test('shares may be written in the usual ways', () => {
  for (const [written, share] of Object.entries({ '0': 0, '1': 1, '1.0': 1, '0.25': 0.25, '.5': 0.5 }))
    assert.equal(readSettings({ HOLD_ROWS_SHARE: written }).HOLD_ROWS_SHARE, share)
})

const ADDRESSES = {
  'https://data.example.org': 'https://data.example.org/api/upload/',
  'https://data.example.org/': 'https://data.example.org/api/upload/',
  'https://data.example.org//': 'https://data.example.org/api/upload/',
  'HTTPS://Data.Example.Org': 'https://data.example.org/api/upload/',
  'http://127.0.0.1:8000': 'http://127.0.0.1:8000/api/upload/',
  'http://[::1]:8000/': 'http://[::1]:8000/api/upload/',
  'https://example.org/splitcart': 'https://example.org/splitcart/api/upload/',
  'https://example.org/splitcart/': 'https://example.org/splitcart/api/upload/',
  'https://example.org/a/b/?x=1#top': 'https://example.org/a/b/api/upload/',
  'https://example.org/a%20b': 'https://example.org/a%20b/api/upload/',
}

for (const [address, joined] of Object.entries(ADDRESSES))
  test(`${address} leads to ${joined}`, () => {
    const server = readSettings({ API_SERVER_URL: address }).API_SERVER_URL
    assert.ok(server)
    assert.equal(resourceUrl(server, '/api/upload/').href, joined)
    assert.equal(resourceUrl(server, 'api/upload/').href, joined)
  })

test('joining does not change the address of the server', () => {
  const server = new URL('https://example.org/splitcart')
  resourceUrl(server, '/api/uploads')
  assert.equal(server.href, 'https://example.org/splitcart')
})

test('the database is a file in the data folder, or where sqlite: says', () => {
  const at = (DATABASE_URL: string | undefined) => databaseFile({ DATABASE_URL, DATA_MANAGEMENT_DATA_DIR: 'data' })
  assert.equal(at(undefined), resolve('data', 'catalogue.db'))
  assert.equal(at('sqlite:prices.db'), resolve('prices.db'))
  assert.equal(at('sqlite:/var/lib/prices.db'), resolve('/var/lib/prices.db'))
  assert.equal(at('sqlite:///var/lib/prices.db'), resolve('/var/lib/prices.db'))
  assert.ok(isAbsolute(at('sqlite:prices.db')))
})

test('the databases are in PostgreSQL where its address is given', () => {
  for (const DATABASE_URL of ['postgres://localhost/x', 'postgresql://a:b@127.0.0.1:5433/x'])
    assert.equal(databaseServer(readSettings({ DATABASE_URL })), DATABASE_URL)
  for (const DATABASE_URL of [undefined, 'sqlite:postgres.db'])
    assert.equal(databaseServer({ DATABASE_URL }), undefined)
})

test('to a PostgreSQL on another machine the connection is encrypted, unless its address says that it is not', () => {
  const at = (DATABASE_URL: string) => databaseServer(readSettings({ DATABASE_URL }))
  assert.equal(at('postgres://db.example.org/x'), 'postgres://db.example.org/x?sslmode=verify-full')
  assert.equal(at('postgres:///x?host=10.0.0.2'), 'postgres:///x?host=10.0.0.2&sslmode=verify-full')
  assert.equal(at('postgres://[::1],h:5433/x'), 'postgres://[::1],h:5433/x?sslmode=verify-full')
  assert.equal(at('postgres://h/x?sslmode=require&a=b'), 'postgres://h/x?sslmode=verify-full&a=b')
  for (const address of [
    'postgres://h/x?sslmode=disable',
    'postgres://[::1]/x',
    'postgres:///x',
    'postgres://u@/x?host=/run',
  ])
    assert.equal(at(address), address)
})

test('another kind of database is said to be unknown', () => {
  for (const address of ['postgres:x', 'mysql:x', 'catalogue.db', 'sqlite:'])
    assert.equal(faultsOf({ DATABASE_URL: address }).length, 1)
})

test('an address of PostgreSQL that nobody can read is named, with what has to be written in another way', () => {
  for (const address of [
    'postgres://u:1#2@host/x',
    'postgres://u:a#b@host/x',
    'postgres://one,/x',
    'postgres://one,two/x?host=/run',
  ])
    assert.match(faultsOf({ DATABASE_URL: address }).join(), /%23 for "#"/)
  const several = 'postgres://u:a,b@one,two:5433,[::1]:5434/x?target_session_attrs=primary'
  for (const address of ['postgres://u:p@/x?host=/run', 'postgres:///x?host=/run', 'postgres://[::1]:5433/x', several])
    assert.deepEqual(faultsOf({ DATABASE_URL: address }), [])
})

test('of several machines with PostgreSQL only one that can be written will do, unless the address says something else', () => {
  assert.deepEqual(splitHosts('postgres://u:a,b@one,[::1]:5434/x?sslmode=disable'), [
    'postgres://u:a,b@one/x?sslmode=disable',
    'postgres://u:a,b@[::1]:5434/x?sslmode=disable',
  ])
  assert.deepEqual(splitHosts('postgres:///x?host=/run'), ['postgres:///x?host=/run'])
  for (const [address, must] of [
    ['postgres://one/x', false],
    ['postgres://one,two/x', true],
    ['postgres://one,two/x?target_session_attrs=any', false],
    ['postgres://one/x?target_session_attrs=read-write', true],
  ] as const)
    assert.equal(mustBeWritable(address), must, address)
  assert.match(faultsOf({ DATABASE_URL: 'postgres://one,two/x?target_session_attrs=standby' }).join(), /loads write/)
})

test('a password is not shown, wherever it stands in an address', () => {
  assert.equal(withoutPassword('postgres://u:p@h/x'), 'postgres://…@h/x')
  assert.equal(
    withoutPassword('postgres:///x?host=/run&password=p%40w&user=u'),
    'postgres:///x?host=/run&password=…&user=u',
  )
  assert.equal(withoutPassword('postgres://h/x?sslpassword=p'), 'postgres://h/x?sslpassword=…')
})
