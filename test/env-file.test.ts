/** A file of settings as Windows, shells and editors make it: read, or named by its line; its values are never shown. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SETTINGS } from '@splitcart/shared/settings.ts'
import { readEnvFile } from '../bin/env-file.ts'

const NAMES = Object.keys(SETTINGS)
const KEY = 'splitcart_0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL'
const BOTH = `API_SERVER_URL=https://data.example.org\nAPI_SECRET_KEY=${KEY}\n`
const VALUES = { API_SERVER_URL: 'https://data.example.org', API_SECRET_KEY: KEY }

const read = (text: string | Buffer) => readEnvFile(Buffer.from(text as string), NAMES)

function utf16(text: string, isBigEndian: boolean): Buffer {
  const bytes = Buffer.from(`\ufeff${text}`, 'utf16le')
  return isBigEndian ? bytes.swap16() : bytes
}

for (const [what, bytes] of [
  ['UTF-8 with a mark, as PowerShell 5 and Notepad write it', `\ufeff${BOTH}`],
  ['UTF-16 with its mark, as > of PowerShell 5 writes it', utf16(BOTH.replaceAll('\n', '\r\n'), false)],
  ['UTF-16 with the other mark', utf16(BOTH, true)],
  ['line ends of Windows', BOTH.replaceAll('\n', '\r\n')],
  ['line ends of old Macs', BOTH.replaceAll('\n', '\r')],
  ['set, as on the command line of Windows', BOTH.replace(/^/gm, 'set ').replace(/set $/, '')],
  ['set with quotation marks', `set "API_SERVER_URL=https://data.example.org"\nSET "API_SECRET_KEY=${KEY}"\n`],
  ['$env:, as in PowerShell', `$env:API_SERVER_URL = "https://data.example.org"\n$Env:API_SECRET_KEY='${KEY}'\n`],
  ['export, as in a shell', BOTH.replace(/^(?=API)/gm, 'export ')],
  [
    'spaces, quotation marks and comments',
    `# a\n API_SERVER_URL = "https://data.example.org" # b\nAPI_SECRET_KEY='${KEY}'`,
  ],
] as const)
  test(`${what}: is read`, () => assert.deepEqual(read(bytes as string), { values: VALUES, faults: [], remarks: [] }))

for (const [text, fault] of [
  [BOTH.replace('\n', ' '), 'line 1: two settings stand in one line; put API_SECRET_KEY into a line of its own'],
  [
    `API_SERVER_URL="https://x" API_SECRET_KEY=${KEY}`,
    'line 1: two settings stand in one line; put API_SECRET_KEY into a line of its own',
  ],
  [`\nAPI_SECRET_KEY: ${KEY}`, 'line 2: API_SECRET_KEY needs = between name and value'],
  [`API_SECRET_KEY ${KEY}`, 'line 1: API_SECRET_KEY needs = between name and value'],
  [`# the key\napi_secret_key=${KEY}`, 'line 2: api_secret_key is written in capitals: API_SECRET_KEY'],
  [`API_SECRET_KEY="${KEY}`, 'line 1: the quotation mark is not closed in its line'],
  [`API_SERVER_URL=https://x\n${KEY}`, 'line 2: a key stands here without API_SECRET_KEY= before it'],
  ['SCRAPING_DATA_DIR=/data/shop#1', 'line 1: # begins a comment; put the value into quotation marks'],
  [
    Buffer.from('SCRAPING_DATA_DIR=/data/K\xe4se', 'latin1'),
    'line 1: the value is not in UTF-8; save the file once more, as UTF-8',
  ],
  [Buffer.from(BOTH, 'utf16le'), 'it is no text in UTF-8; save it once more, as UTF-8'],
] as const)
  test(`is named: ${fault}`, () => {
    const { values, faults, remarks } = read(text as string)
    assert.deepEqual(faults, [fault])
    assert.ok(!Object.values(values).some((value) => value.includes(' ')), 'a faulty line gives nothing')
    assert.ok(!JSON.stringify([faults, remarks]).includes(KEY.slice(-20)))
  })

test('other programs’ names are not taken, and those that look like a typing error or a usual advice are remarked on', () => {
  const text = [
    'NODE_OPTIONS=--require=/tmp/evil.js',
    'PATH=/tmp/evil',
    'API_SERVER_ULR=https://x',
    'host=other',
    'port: 1',
    'NODE_EXTRA_CA_CERTS=/ca.pem',
    'NODE_TLS_REJECT_UNAUTHORIZED=0',
    'PORT=1',
    'PORT=2',
    'DATABASE_PASSWORD=x',
    'PGPASSWORD=x',
    '__proto__=x',
  ].join('\n')
  const { values, faults, remarks } = read(text)
  assert.deepEqual([values, faults], [{ PORT: '2' }, []])
  assert.deepEqual(
    remarks.map((remark) => remark.split(';')[0]),
    [
      'line 1: NODE_OPTIONS has no effect here',
      'line 3: API_SERVER_ULR is no setting of splitcart',
      'line 6: NODE_EXTRA_CA_CERTS has no effect here',
      'line 7: NODE_TLS_REJECT_UNAUTHORIZED has no effect here',
      'line 11: PGPASSWORD has no effect here',
      'line 9: PORT stands here once more',
    ],
  )
})
