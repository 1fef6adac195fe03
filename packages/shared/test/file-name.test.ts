/** File names: what is taken and what is refused, with the reason. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../../test/properties.ts'
import { candidateNames, FILE_NAME_BYTES_MAX, faultOfFileName, nameWithSuffix, stemOf } from '../file-name.ts'

const TAKEN = [
  'aldi-aldi-store-g147-g147-2025-09-09.jsonl',
  'a.jsonl',
  '7.jsonl',
  'Müller & Söhne.jsonl',
  'nai\u0308ve.jsonl',
  'супермаркет-2025.jsonl',
  '食料品店.jsonl',
  'متجر-٢٠٢٥.jsonl',
  'दुकान.jsonl',
  "O'Brien (new), a+b@c=d_e.v2.jsonl",
  '-.jsonl',
  'con-2025.jsonl',
  'console.jsonl',
  'com10.jsonl',
  'a.jsonl.jsonl',
  `${'x'.repeat(FILE_NAME_BYTES_MAX - 6)}.jsonl`,
]

const REFUSED: readonly (readonly [name: string, why: RegExp])[] = [
  ['', /does not end in/],
  ['a', /does not end in/],
  ['a.json', /does not end in/],
  ['a.jsonl.gz', /does not end in/],
  ['a.JSONL', /does not end in/],
  ['a.jsonl ', /does not end in/],
  ['a.jsonl.', /does not end in/],
  ['a.jsonl\0', /does not end in/],
  ['.jsonl', /nothing before/],
  ['.a.jsonl', /starts with a dot/],
  ['..jsonl', /starts with a dot/],
  [`${'x'.repeat(FILE_NAME_BYTES_MAX - 5)}.jsonl`, /longer than 200 bytes/],
  [`${'食'.repeat(65)}.jsonl`, /longer than 200 bytes/],
  ['a/b.jsonl', /a character/],
  ['../a.jsonl', /starts with a dot/],
  ['/a.jsonl', /a character/],
  ['a\\b.jsonl', /a character/],
  ['C:a.jsonl', /a character/],
  ['a\0b.jsonl', /a character/],
  ['a\nb.jsonl', /a character/],
  ['a\tb.jsonl', /a character/],
  ['a\x1b[31m.jsonl', /a character/],
  ['a\x7f.jsonl', /a character/],
  ['a\u202elnosj.jsonl', /a character/],
  ['a\u200f.jsonl', /a character/],
  ['a\u00a0b.jsonl', /a character/],
  ['a\u2028b.jsonl', /a character/],
  ['a\ud800.jsonl', /a character/],
  ['a%2fb.jsonl', /a character/],
  ['a*.jsonl', /a character/],
  ['a?.jsonl', /a character/],
  ['a|b.jsonl', /a character/],
  ['a<b>.jsonl', /a character/],
  ['a"b.jsonl', /a character/],
  ['a;b.jsonl', /a character/],
  ['$(id).jsonl', /a character/],
  ['a`id`.jsonl', /a character/],
  ['a\ufffd.jsonl', /a character/],
  ['🛒.jsonl', /a character/],
  ['con.jsonl', /device/],
  ['CON.jsonl', /device/],
  ['nul.2025.jsonl', /device/],
  ['aux .jsonl', /device/],
  ['prn.jsonl', /device/],
  ['com1.jsonl', /device/],
  ['COM¹.jsonl', /device/],
  ['lpt0.jsonl', /device/],
]

for (const name of TAKEN)
  test(`${JSON.stringify(name.slice(0, 60))} is taken`, () => {
    assert.equal(faultOfFileName(name), undefined)
  })

for (const [name, why] of REFUSED)
  test(`${JSON.stringify(name.slice(0, 60))} is refused: ${why.source}`, () => {
    assert.match(faultOfFileName(name) ?? 'taken', why)
  })

test('another ending can be asked for', () => {
  assert.equal(faultOfFileName('a.jsonl.gz', '.jsonl.gz'), undefined)
  assert.match(
    faultOfFileName('a.jsonl', '.jsonl.gz') ?? '',
    /does not end in \.jsonl\.gz: .* compressed by gzip first$/,
  )
  assert.match(faultOfFileName('a.csv', '.jsonl.gz') ?? '', /does not end in \.jsonl\.gz$/)
  assert.match(faultOfFileName('.jsonl.gz', '.jsonl.gz') ?? '', /nothing before/)
})

test('no name that is taken leads out of its folder, on any platform', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
      const name = `${text}.jsonl`
      fc.pre(faultOfFileName(name) === undefined)
      assert.doesNotMatch(name, /[/\\:\p{Cc}]|^\./u)
    }),
    { numRuns: 5000 },
  )
})

test('the names a file may take start with its own and are all taken names of at most 255 bytes', () => {
  const sha256 = '0123456789abcdef'.repeat(4)
  assert.deepEqual([...candidateNames('a.jsonl', sha256)].slice(0, 2), ['a.jsonl', 'a-01234567.jsonl'])
  const longest = `${'食'.repeat(64)}xx.jsonl`
  assert.equal(faultOfFileName(longest), undefined)
  const names = [...candidateNames(longest, sha256)]
  assert.equal(new Set(names).size, names.length)
  for (const name of names) assert.ok(Buffer.byteLength(`${stemOf(name)}.receipt.json.part`) <= 255)
})

test('only the last ending is the ending', () => {
  assert.equal(stemOf('a.jsonl.jsonl'), 'a.jsonl')
  assert.equal(nameWithSuffix('a.b.jsonl', '2'), 'a.b-2.jsonl')
})
