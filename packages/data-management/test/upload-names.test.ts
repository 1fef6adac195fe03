/** The names files are sent under: any script, any way to write them down; a bad one is refused and leaves nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type Answer, assertProblem, openReceiver, post, postGzip, type Receiver, TEXT } from './receiver.ts'

const GZIP = gzipSync(TEXT)
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

function postRaw(receiver: Receiver, disposition: string): Promise<Answer> {
  return post(receiver, { 'Content-Type': 'application/gzip', 'Content-Disposition': disposition }, GZIP)
}

function postForm(receiver: Receiver, parameters: string): Promise<Answer> {
  const head = `--b\r\nContent-Disposition: form-data; name="file"; ${parameters}\r\n\r\n`
  const body = Buffer.concat([Buffer.from(head), GZIP, Buffer.from('\r\n--b--\r\n')])
  return post(receiver, { 'Content-Type': 'multipart/form-data; boundary=b' }, new Uint8Array(body))
}

const WAYS: Record<string, (receiver: Receiver, name: string) => Promise<Answer>> = {
  'as UTF-8': (receiver, name) => postRaw(receiver, `attachment; filename="${bytesOf(name)}"`),
  'as filename*': (receiver, name) => postRaw(receiver, `attachment; filename*=UTF-8''${percent(name)}`),
  'as filename* beside filename': (receiver, name) =>
    postRaw(receiver, `attachment; filename="other.jsonl.gz"; filename*=UTF-8''${percent(name)}`),
  'in a form, as UTF-8': (receiver, name) => postForm(receiver, `filename="${name}"`),
  'in a form, as filename*': (receiver, name) => postForm(receiver, `filename*=utf-8''${percent(name)}`),
}

function percent(name: string): string {
  return encodeURIComponent(name).replaceAll("'", '%27').replaceAll('(', '%28').replaceAll(')', '%29')
}

for (const [way, send] of Object.entries(WAYS))
  test(`names of every script are understood ${way}`, async () => {
    for (const name of SCRIPTS) {
      await using receiver = await openReceiver()
      const { status, body } = await send(receiver, `${name}.gz`)
      assert.deepEqual([status, body.filename], [201, name])
      assert.deepEqual(await receiver.inboxNames(), [name])
    }
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
    await using receiver = await openReceiver()
    assertProblem(await postRaw(receiver, `attachment; filename="${name}"`), 400, 'file_name_invalid')
    assertProblem(await postForm(receiver, `filename="${name}"`), 400, 'file_name_invalid')
    assert.deepEqual(await receiver.inboxNames(), [])
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
