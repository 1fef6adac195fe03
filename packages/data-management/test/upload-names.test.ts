/** The names files are sent under: any script, any way to write them down; a bad one is refused and leaves nothing. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type Answer, assertProblem, openReceiver, post, postGzip, type Receiver, rowsText, TEXT } from './receiver.ts'

const GZIP = gzipSync(TEXT)

// One server for all that leave nothing.
let shared: Receiver
before(async () => {
  shared = await openReceiver()
})
after(() => shared[Symbol.asyncDispose]())

const SCRIPTS = [
  'Käse für Ömer.jsonl',
  '牛乳-東京.jsonl',
  'חלב.jsonl',
  'Привет мир.jsonl',
  "it's (1), a+b=c@d&e.jsonl",
  'दूध.jsonl',
]

// HTTP libraries write what is not ASCII as UTF-8 bytes; fetch wants each byte as a character.
function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function postRaw(receiver: Receiver, disposition: string, gzip: Uint8Array = GZIP): Promise<Answer> {
  const headers = { 'Content-Type': 'application/gzip', 'Content-Disposition': disposition }
  return post(receiver, headers, new Uint8Array(gzip))
}

function postForm(receiver: Receiver, parameters: string, gzip: Uint8Array = GZIP): Promise<Answer> {
  const head = `--b\r\nContent-Disposition: form-data; name="file"; ${parameters}\r\n\r\n`
  const body = Buffer.concat([Buffer.from(head), gzip, Buffer.from('\r\n--b--\r\n')])
  return post(receiver, { 'Content-Type': 'multipart/form-data; boundary=b' }, new Uint8Array(body))
}

const WAYS: Record<string, (receiver: Receiver, name: string, gzip: Uint8Array) => Promise<Answer>> = {
  'as UTF-8': (receiver, name, gzip) => postRaw(receiver, `attachment; filename="${bytesOf(name)}"`, gzip),
  'as filename*': (receiver, name, gzip) => postRaw(receiver, `attachment; filename*=UTF-8''${percent(name)}`, gzip),
  'as filename* beside filename': (receiver, name, gzip) =>
    postRaw(receiver, `attachment; filename="other.jsonl.gz"; filename*=UTF-8''${percent(name)}`, gzip),
  'in a form, as UTF-8': (receiver, name, gzip) => postForm(receiver, `filename="${name}"`, gzip),
  'in a form, as filename*': (receiver, name, gzip) => postForm(receiver, `filename*=utf-8''${percent(name)}`, gzip),
}

function percent(name: string): string {
  return encodeURIComponent(name).replaceAll("'", '%27').replaceAll('(', '%28').replaceAll(')', '%29')
}

for (const [way, send] of Object.entries(WAYS))
  test(`names of every script are understood ${way}`, async () => {
    await using receiver = await openReceiver()
    for (const [index, name] of SCRIPTS.entries()) {
      const { status, body } = await send(receiver, `${name}.gz`, gzipSync(rowsText(1, index + 1)))
      assert.deepEqual([status, body.filename], [201, name])
    }
    assert.deepEqual(await receiver.inboxNames(), SCRIPTS.toSorted())
  })

const BAD = {
  'a way up': '../evil.jsonl.gz',
  'a way up and down': 'a/../../evil.jsonl.gz',
  'a folder': 'a/b.jsonl.gz',
  'a folder on Windows': 'a\\\\b.jsonl.gz',
  'a drive': 'C:x.jsonl.gz',
  'an encoded way up': '..%2fevil.jsonl.gz',
  'a dot at the start': '.hidden.jsonl.gz',
  'a device of Windows': 'con.jsonl.gz',
  'another device of Windows': 'LPT1.x.jsonl.gz',
  'no stem': '.jsonl.gz',
  'an ending of another kind': 'x.csv',
  'no .gz': 'x.jsonl',
  'an ending of capitals': 'x.JSONL.GZ',
  'a name of 201 bytes': `${'x'.repeat(192)}.jsonl.gz`,
  'a wildcard': 'x*.jsonl.gz',
  'a shell command': 'x;rm -rf $HOME.jsonl.gz',
}

for (const [what, name] of Object.entries(BAD))
  test(`${what} is refused as a name, and leaves nothing`, async () => {
    assertProblem(await postRaw(shared, `attachment; filename="${name}"`), 400, 'file_name_invalid')
    assertProblem(await postForm(shared, `filename="${name}"`), 400, 'file_name_invalid')
    assert.deepEqual(await shared.inboxNames(), [])
  })

test('characters that cannot stand in a header are refused when they are encoded', async () => {
  await using receiver = await openReceiver()
  for (const name of [
    'x%00y.jsonl.gz',
    'x%0Ay.jsonl.gz',
    'x%1B[2J.jsonl.gz',
    '%2e%2e%2fx.jsonl.gz',
    'a%E2%80%AEb.jsonl.gz',
  ]) {
    assertProblem(await postRaw(receiver, `attachment; filename*=UTF-8''${name}`), 400, 'file_name_invalid')
    // The parser of forms does not even take some of them for names.
    const { status, body } = await postForm(receiver, `filename*=utf-8''${name}`)
    assert.equal(status, 400)
    assert.match(String(body.code), /^file_(name_invalid|missing)$/)
  }
  assert.deepEqual(await receiver.inboxNames(), [])
})

test('a name of 200 bytes is taken', async () => {
  await using receiver = await openReceiver()
  const { status } = await postGzip(receiver, `${'x'.repeat(191)}.jsonl.gz`, TEXT)
  assert.equal(status, 201)
})

test('a body without a name is refused, whatever stands in the field', async () => {
  await using receiver = await openReceiver()
  const missing = await post(receiver, { 'Content-Type': 'application/gzip' }, GZIP)
  assertProblem(missing, 400, 'file_name_missing')
  for (const field of ['attachment', 'attachment; name="x.jsonl.gz"', ';;;', '=', 'inline; filename'])
    assertProblem(await postRaw(receiver, field), 400, 'file_name_missing')
  assert.deepEqual(await receiver.inboxNames(), [])
})
