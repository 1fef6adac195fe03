/** Uploads in dcz (RFC 9842): with an earlier file of the same key as dictionary. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { constants, zstdCompressSync } from 'node:zlib'
import { dczHead } from '@splitcart/shared/dictionary/dcz.ts'
import { toUnencodedDigest } from '@splitcart/shared/digest.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { neededHere } from '../../../test/needed.ts'
import { foldersIn, makeFolders } from '../folders.ts'
import { Dictionaries, type Lease } from '../inbox/dictionaries.ts'
import { SharedInbox } from '../inbox/jetstream/shared-inbox.ts'
import { moveSettled } from '../inbox/move-settled.ts'
import { scene, skip } from './fleet-scene.ts'
import {
  type Answer,
  assertProblem,
  named,
  openReceiver,
  post,
  postGzip,
  type Receiver,
  rowsText,
  sha256Of,
} from './receiver.ts'
import { ask, open, opening, patch } from './resumable-requests.ts'

const OLD = rowsText(300)
const NEW = OLD.replaceAll('2025-09-12', '2025-09-13').replace('1.5', '1.7')

type Sent = Partial<{ text: string; dictionary: string; name: string; body: Buffer; headers: Record<string, string> }>

function dcz(text: string, dictionary: string): Buffer {
  const params = { [constants.ZSTD_c_compressionLevel]: 7, [constants.ZSTD_c_checksumFlag]: 1 }
  return Buffer.concat([
    dczHead(sha256Of(dictionary)),
    zstdCompressSync(text, { dictionary: Buffer.from(dictionary), params }),
  ])
}

function send(
  to: Pick<Receiver, 'url' | 'key'>,
  { text = NEW, dictionary = OLD, ...sent }: Sent = {},
): Promise<Answer> {
  const headers = {
    'Content-Type': 'application/x-ndjson',
    'Content-Encoding': 'dcz',
    'Content-Disposition': named(sent.name ?? 'new.jsonl'),
    'Unencoded-Digest': toUnencodedDigest(sha256Of(text)),
    ...sent.headers,
  }
  return post(to, headers, new Uint8Array(sent.body ?? dcz(text, dictionary)))
}

const STEPS: Record<string, (receiver: Receiver) => Promise<void>> = {
  'and is what it was, in a fraction of its bytes': async (receiver) => {
    const answer = await send(receiver)
    assert.equal(answer.status, 201, JSON.stringify(answer.body))
    assert.equal(answer.headers.get('accept-encoding'), 'dcz, zstd, gzip')
    assert.equal(answer.body.sha256, sha256Of(NEW))
    assert.equal(readFileSync(join(receiver.folders.inbox, 'new.jsonl'), 'utf8'), NEW)
    const { wire_bytes } = (await receiver.ledger.uploads.findBySha256(sha256Of(NEW)))!
    assert.ok(wire_bytes! < zstdCompressSync(NEW).length / 2, `${wire_bytes}`)
  },

  'of what another key sent, and of what never was, a key is told the same': async (receiver) => {
    const stranger = { url: receiver.url, key: await receiver.makeKey('upload', 'read', 'admin') }
    const [others, never] = await Promise.all([
      send(stranger, { text: rowsText(9), name: 'other.jsonl' }),
      send(stranger, { text: rowsText(9), name: 'other.jsonl', dictionary: rowsText(7) }),
    ])
    for (const answer of [others, never]) assertProblem(answer, 409, 'dictionary_unknown')
    assert.equal(others.body.detail, never.body.detail)
    assert.equal((await send(stranger, { text: NEW })).body.code, 'dictionary_unknown')
  },

  'without a digest, with a wrong dictionary or a damaged head it is refused': async (receiver) => {
    const wrong = Buffer.concat([dczHead(sha256Of(OLD)), dcz(NEW, NEW.replaceAll('Milk', 'Mild')).subarray(40)])
    const cases: [Sent, status: number, code: string][] = [
      [{ headers: { 'Unencoded-Digest': 'sha-512=:AAAA:' } }, 400, 'digest_missing'],
      [{ body: wrong }, 400, 'body_damaged'],
      [{ body: dcz(NEW, OLD).subarray(1) }, 400, 'body_damaged'],
      [{ body: dcz(NEW, OLD).subarray(0, 39) }, 400, 'body_damaged'],
      [{ body: dcz(NEW, OLD).subarray(0, 40) }, 400, 'body_damaged'],
      [{ body: dcz(NEW, OLD).subarray(0, -1) }, 400, 'body_damaged'],
      [{ body: Buffer.concat([dcz(NEW, OLD), Buffer.from('x')]) }, 400, 'body_damaged'],
      [{ body: Buffer.alloc(0) }, 400, 'body_empty'],
      [{ text: '', body: dcz('', OLD).subarray(0, 40) }, 400, 'body_damaged'],
      [{ body: dcz(NEW.replace('1.7', '1.8'), OLD) }, 400, 'digest_mismatch'],
    ]
    for (const [sent, status, code] of cases) assertProblem(await send(receiver, sent), status, code)
    assert.deepEqual(await receiver.inboxNames(), ['new.jsonl', 'old.jsonl'])
  },

  'a window beyond 8 MiB and more than 1,000 times the bytes of the wire are refused': async (receiver) => {
    const params = { [constants.ZSTD_c_windowLog]: 25, [constants.ZSTD_c_checksumFlag]: 1 }
    const dictionary = Buffer.from(OLD)
    const large = Buffer.alloc(9_000_000, 'x')
    const head = dczHead(sha256Of(OLD))
    const windowed = Buffer.concat([head, zstdCompressSync(large, { dictionary, params })])
    assertProblem(await send(receiver, { body: windowed }), 400, 'window_too_large')
    const bomb = Buffer.concat([head, zstdCompressSync(large.subarray(0, 8_000_000), { dictionary })])
    assertProblem(await send(receiver, { body: bomb }), 413, 'ratio_too_large')
  },

  'in pieces too, and refused before its bytes come where the dictionary is not at hand': async (receiver) => {
    const text = NEW.replace('1.7', '1.9')
    const body = new Uint8Array(dcz(text, OLD))
    const metadata = { filename: 'pieces.jsonl', encoding: 'dcz', sha256: sha256Of(text) }
    const unknown = await ask(receiver, opening({ ...metadata, dictionary: sha256Of('x') }, body.length))
    assert.deepEqual([unknown.status, unknown.body.code], [409, 'dictionary_unknown'])
    const { sha256: _, ...undigested } = metadata
    assert.equal((await ask(receiver, opening(undigested, body.length))).body.code, 'digest_missing')
    const path = await open(receiver, { ...metadata, dictionary: sha256Of(OLD) }, body.length)
    const { headers } = await ask(receiver, patch(path, 0, body))
    assert.ok(headers.get('upload-receipt'))
    assert.equal((await receiver.ledger.uploads.findBySha256(sha256Of(text)))?.filename, 'pieces.jsonl')
  },

  'OPTIONS tells what is taken': async (receiver) => {
    const { status, headers } = await ask(receiver, { method: 'OPTIONS', path: '/api/upload/products/' })
    assert.deepEqual([status, headers.get('accept-encoding')], [204, 'dcz, zstd, gzip'])
  },
}

test('a file is sent as what is new in it, with an earlier file of the same key as dictionary', async (t) => {
  await using receiver = await openReceiver()
  const first = await postGzip(receiver, 'old.jsonl.gz', OLD)
  const until = Date.parse(String(first.body.received_at)) + 90 * DAY_MS
  assert.equal(Date.parse(String(first.body.dictionary_until)), until)
  for (const [title, step] of Object.entries(STEPS)) await t.test(title, () => step(receiver))
})

test('a dictionary is found wherever its file lies by now, and is unknown once it is gone or damaged', async () => {
  await using receiver = await openReceiver({ dictionaries: undefined })
  const { ledger, folders, key } = receiver
  const keyId = (await ledger.keys.list())[0]!.id
  await postGzip({ url: receiver.url, key }, 'old.jsonl.gz', OLD)
  // What a server that has just started knows.
  const take = async () => {
    const fresh = new Dictionaries({ disk: realDisk(), folders, ledger }, { bytesKept: 0, daysKept: 1 })
    using lease = await fresh.lease(sha256Of(OLD), keyId)
    return lease.bytes.toString()
  }
  assert.equal(await take(), OLD)
  const path = join(folders.inbox, 'old.jsonl')
  const stored = { path, sha256: sha256Of(OLD), place: 'inbox' } as const
  await moveSettled({ disk: realDisk(), folders }, stored, 'loaded')
  assert.equal(await take(), OLD)
  await writeFile(join(folders.processed, 'old.jsonl'), 'damaged')
  await assert.rejects(take, { code: 'dictionary_unknown' })
  await rm(join(folders.processed, 'old.jsonl'))
  await assert.rejects(take, { code: 'dictionary_unknown' })
})

test('whichever receiver is asked finds a dictionary in the bucket, as long as it lies there', { skip }, async () => {
  await using at = await scene()
  const { ledger } = at.receiver
  const text = rowsText(300)
  await postGzip(at.receiver, 'old.jsonl.gz', text)
  await at.load()
  const keyId = (await ledger.keys.list())[0]!.id
  // Another machine, on whose disk nothing lies.
  await using elsewhere = await temporaryFolder()
  const place = { disk: realDisk(), folders: foldersIn(elsewhere.path), ledger }
  await makeFolders(place.disk, place.folders)
  const other = new Dictionaries({ ...place, inbox: new SharedInbox(place, at.fleet) }, { bytesKept: 0, daysKept: 1 })
  {
    using lease = await other.lease(sha256Of(text), keyId)
    assert.equal(lease.bytes.toString(), text)
  }
  await at.fleet.bucket.remove(sha256Of(text))
  await assert.rejects(other.lease(sha256Of(text), keyId), { code: 'dictionary_unknown' })
})

test('what is kept in memory is bounded, and who comes when all is in use sends without a dictionary', async () => {
  await using receiver = await openReceiver()
  const { ledger, folders, key } = receiver
  const keyId = (await ledger.keys.list())[0]!.id
  const texts = [rowsText(200, 1), rowsText(200, 2), rowsText(200, 3)]
  for (const [index, text] of texts.entries()) await postGzip({ url: receiver.url, key }, `${index}.jsonl.gz`, text)
  const limits = { bytesKept: texts[0]!.length * 2, daysKept: 1 }
  const dictionaries = new Dictionaries({ disk: realDisk(), folders, ledger }, limits)
  const take = (text: string) => dictionaries.lease(sha256Of(text), keyId)
  for (const text of texts) (await take(text))[Symbol.dispose]()
  for (const index of texts.keys()) await rm(join(folders.inbox, `${index}.jsonl`))
  await assert.rejects(take(texts[0]!), { code: 'dictionary_unknown' })
  using again = await take(texts[2]!)
  assert.equal(again.bytes.toString(), texts[2])

  const large = rowsText(9000)
  await postGzip({ url: receiver.url, key }, 'large.jsonl.gz', large)
  const leases: Lease[] = []
  const takeAll = async () => {
    for (let bytes = 0; bytes < 80 * 1024 * 1024; bytes += large.length) leases.push(await take(large))
  }
  await assert.rejects(takeAll, { code: 'dictionary_unknown' })
  for (const lease of leases) lease[Symbol.dispose]()
  assert.ok(leases.length > 20)
  ;(await take(large))[Symbol.dispose]()
})

test('what is too large for the memory, or no dictionary, drives none out of it', async () => {
  await using receiver = await openReceiver()
  const { ledger, folders } = receiver
  const keyId = (await ledger.keys.list())[0]!.id
  const [small, large] = [Buffer.from(rowsText(200)), Buffer.from(rowsText(2000))]
  // Begins as a dictionary in zstd's own format does.
  const formatted = Buffer.concat([Buffer.from([0x37, 0xa4, 0x30, 0xec]), small])
  for (const [index, content] of [small, large, formatted].entries()) {
    const about = { 'Content-Type': 'application/x-ndjson', 'Content-Disposition': named(`${index}.jsonl`) }
    assert.equal((await post(receiver, about, new Uint8Array(content))).status, 201)
  }
  const limits = { bytesKept: formatted.length, daysKept: 1 }
  const dictionaries = new Dictionaries({ disk: realDisk(), folders, ledger }, limits)
  const take = async (content: Buffer) => {
    using lease = await dictionaries.lease(sha256Of(content), keyId)
    return lease.bytes.length
  }
  assert.equal(await take(small), small.length)
  await rm(join(folders.inbox, '0.jsonl'))
  assert.equal(await take(large), large.length)
  assert.equal(await take(small), small.length)
  await assert.rejects(take(formatted), { code: 'dictionary_unknown' })
  assert.equal(await take(small), small.length)
})

const MISSING = ['zstd', 'curl', 'openssl'].filter((program) => spawnSync(program, ['version']).error !== undefined)
const SKIP = neededHere(MISSING.length > 0 && `${MISSING.join(', ')} is not here`)

test('curl and zstd --patch-from speak it as docs/protocol.md says', { skip: SKIP }, async () => {
  const document = readFileSync(fileURLToPath(new URL('../../../docs/protocol.md', import.meta.url)), 'utf8')
  const script = [...document.matchAll(/```sh\n(.*?)```/gs)]
    .map(([, code]) => code!)
    .find((code) => code.includes('--patch-from'))
  await using receiver = await openReceiver()
  await using at = await temporaryFolder()
  await postGzip(receiver, 'yesterday.jsonl.gz', OLD)
  await writeFile(join(at.path, 'yesterday.jsonl'), OLD)
  await writeFile(join(at.path, 'x.jsonl'), NEW)
  const env = { ...process.env, API_SERVER_URL: receiver.url, API_SECRET_KEY: receiver.key }
  const { stdout: said } = await promisify(execFile)('sh', ['-e', '-c', script!], {
    cwd: at.path,
    env,
    timeout: 20_000,
  })
  assert.equal(JSON.parse(said).sha256, sha256Of(NEW), said)
  const { wire_bytes } = (await receiver.ledger.uploads.findBySha256(sha256Of(NEW)))!
  assert.ok(wire_bytes! < zstdCompressSync(NEW).length / 2)
})
