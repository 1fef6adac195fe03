/** `POST /api/upload/`: every form that is taken, and that the same bytes get the same receipt. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { toUnencodedDigest } from '@splitcart/shared/digest.ts'
import {
  assertProblem,
  get,
  named,
  openReceiver,
  post,
  postGzip,
  rowsText,
  SETTINGS_KEY,
  sha256Of,
  TEXT,
} from './receiver.ts'

const NAME = 'aldi-nerang-g120-2025-09-12.jsonl'
const GZIP = gzipSync(TEXT)

/** A form as `curl -F file=@…` and most HTTP libraries write it. */
function formOf(
  disposition: string,
  content: Uint8Array,
  mediaType: string,
): { headers: Record<string, string>; body: Buffer } {
  const boundary = '------------------------d74496d66958873e'
  const head = `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: ${mediaType}\r\n\r\n`
  const body = Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)])
  return { headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` }, body }
}

function raw(mediaType: string, encoding: string | undefined, name: string): Record<string, string> {
  const headers = { 'Content-Type': mediaType, 'Content-Disposition': named(name) }
  return encoding === undefined ? headers : { ...headers, 'Content-Encoding': encoding }
}

const formData = new FormData()
formData.append('file', new Blob([GZIP]), `${NAME}.gz`)
const curl = formOf(`name="file"; filename="${NAME}.gz"`, GZIP, 'application/octet-stream')
const requests = formOf(`name="file"; filename="${NAME}.gz"`, GZIP, 'application/gzip')

const FORMS: Record<string, { headers: Record<string, string>; body: RequestInit['body'] }> = {
  'a form as curl sends it': { ...curl, body: new Uint8Array(curl.body) },
  'a form as Python sends it': { ...requests, body: new Uint8Array(requests.body) },
  'a form of the browser': { headers: {}, body: formData },
  'application/gzip': { headers: raw('application/gzip', undefined, `${NAME}.gz`), body: GZIP },
  'application/gzip, explicitly as it is': { headers: raw('application/gzip', 'identity', `${NAME}.gz`), body: GZIP },
  'application/x-gzip': { headers: raw('application/x-gzip', undefined, `${NAME}.gz`), body: GZIP },
  'application/jsonl with x-gzip': { headers: raw('application/jsonl', 'x-gzip', NAME), body: GZIP },
  'application/jsonl': { headers: raw('application/jsonl', undefined, NAME), body: TEXT },
  'application/jsonl with gzip': { headers: raw('application/jsonl', 'gzip', NAME), body: GZIP },
  'application/jsonl with zstd': { headers: raw('application/jsonl', 'zstd', NAME), body: zstdCompressSync(TEXT) },
  'application/x-ndjson': { headers: raw('application/x-ndjson', 'identity', NAME), body: TEXT },
  'application/x-ndjson with gzip': {
    headers: raw('application/x-ndjson; charset=utf-8', 'GZIP', `${NAME}.gz`),
    body: GZIP,
  },
  'application/x-ndjson with zstd': {
    headers: raw('Application/X-NDJSON', 'zstd', NAME),
    body: zstdCompressSync(TEXT),
  },
}

for (const [form, { headers, body }] of Object.entries(FORMS))
  test(`${form}: accepted with 201, and again with 200 and the same receipt`, async () => {
    await using receiver = await openReceiver()
    const first = await post(receiver, headers, body)
    assert.equal(first.status, 201, JSON.stringify(first.body))
    const { id, received_at, dictionary_until: _, ...rest } = first.body
    assert.deepEqual(rest, {
      kind: 'products',
      filename: NAME,
      sha256: sha256Of(TEXT),
      bytes: Buffer.byteLength(TEXT),
      lines: 3,
      state: 'accepted',
      duplicate: false,
      message: `Successfully uploaded and decompressed '${NAME}'`,
      load: null,
    })
    assert.ok(Math.abs(Date.parse(String(received_at)) - Date.now()) < 60_000)
    assert.match(String(id), /^[0-9a-f-]{36}$/)
    assert.equal(await readFile(join(receiver.folders.inbox, NAME), 'utf8'), TEXT)
    const again = await post(receiver, headers, body)
    assert.equal(again.status, 200)
    assert.deepEqual(again.body, { ...first.body, duplicate: true })
    assert.deepEqual(await receiver.inboxNames(), [NAME])
  })

for (const path of ['/api/upload', '/api/upload/', '/api/upload/products', '/api/upload/products/'])
  test(`uploads are taken at ${path}`, async () => {
    await using receiver = await openReceiver()
    const { status } = await post(receiver, raw('application/gzip', undefined, `${NAME}.gz`), GZIP, path)
    assert.equal(status, 201)
  })

test('a key may come as a bearer token, and the key of the settings may do everything', async () => {
  await using receiver = await openReceiver()
  const headers = raw('application/gzip', undefined, `${NAME}.gz`)
  const bearer = { ...headers, Authorization: `Bearer ${receiver.key}` }
  const response = await fetch(`${receiver.url}/api/upload/`, { method: 'POST', headers: bearer, body: GZIP })
  assert.equal(response.status, 201)
  const { status } = await get({ ...receiver, key: SETTINGS_KEY }, '/api/uploads')
  assert.equal(status, 200)
})

test('bytes sent under another name and in another form get the first receipt', async () => {
  await using receiver = await openReceiver()
  const first = await postGzip(receiver, `${NAME}.gz`, TEXT)
  const again = await post(receiver, raw('application/jsonl', 'zstd', 'other.jsonl'), zstdCompressSync(TEXT))
  assert.deepEqual([again.status, again.body], [200, { ...first.body, duplicate: true }])
})

test('another file of the same name is kept too, under a name with the beginning of its SHA-256', async () => {
  await using receiver = await openReceiver()
  const other = rowsText(3, 2.5)
  await postGzip(receiver, `${NAME}.gz`, TEXT)
  const { status, body } = await postGzip(receiver, `${NAME}.gz`, other)
  assert.deepEqual([status, body.filename], [201, NAME])
  const beside = NAME.replace('.jsonl', `-${sha256Of(other).slice(0, 8)}.jsonl`)
  assert.deepEqual(await receiver.inboxNames(), [beside, NAME].sort())
  assert.equal(await readFile(join(receiver.folders.inbox, beside), 'utf8'), other)
})

for (const senders of [2, 16])
  test(`${senders} senders of the same bytes at once: one is told 201, the others 200, and one upload is recorded`, async () => {
    await using receiver = await openReceiver()
    const text = rowsText(5_000)
    const sent = Array.from({ length: senders }, (_, index) => `scrape-${index % 3}.jsonl.gz`)
    const answers = await Promise.all(sent.map((name) => postGzip(receiver, name, text)))
    const statuses = answers.map(({ status }) => status).sort()
    assert.deepEqual(statuses, [...Array(senders - 1).fill(200), 201])
    assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1)
    const kept = await receiver.ledger.uploads.find(String(answers[0]?.body.id))
    // What others brought under other names before they knew, update-db takes away.
    const names = await receiver.inboxNames()
    assert.ok(names.includes(kept?.stored_as ?? ''), names.join())
    for (const name of names) assert.equal(await readFile(join(receiver.folders.inbox, name), 'utf8'), text, name)
  })

test('a digest that is right, or of an algorithm we do not know, is fine', async () => {
  await using receiver = await openReceiver()
  const headers = raw('application/gzip', undefined, `${NAME}.gz`)
  const fields = [
    toUnencodedDigest(sha256Of(TEXT)),
    'sha-512=:AAAA:',
    `md5=:AA==:, ${toUnencodedDigest(sha256Of(TEXT))}`,
  ]
  for (const field of fields) {
    const { status } = await post(receiver, { ...headers, 'Unencoded-Digest': field }, GZIP)
    assert.ok(status === 201 || status === 200, `${status} for ${field}`)
  }
})

test('a digest that is wrong, or none, refuses the upload and leaves nothing', async () => {
  await using receiver = await openReceiver()
  const headers = raw('application/gzip', undefined, `${NAME}.gz`)
  const wrong = { ...headers, 'Unencoded-Digest': toUnencodedDigest(sha256Of('other')) }
  assertProblem(await post(receiver, wrong, GZIP), 400, 'digest_mismatch')
  for (const field of ['sha-256=:AAAA:', 'sha-256=abc', `sha-256=${sha256Of(TEXT)}`])
    assertProblem(await post(receiver, { ...headers, 'Unencoded-Digest': field }, GZIP), 400, 'digest_invalid')
  assert.deepEqual(await receiver.inboxNames(), [])
})
