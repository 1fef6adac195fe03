/** Digests: those of node:crypto in one go, and the field they travel in. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/folders.ts'
import fc from '../../../test/properties.ts'
import { Digester, digestOfFile, fromUnencodedDigest, toUnencodedDigest } from '../digest.ts'
import { realDisk } from '../disk.ts'

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

test('portions of bytes have the digest, size and lines of the whole', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
      const digester = new Digester()
      for (const chunk of chunks) digester.add(chunk)
      const whole = Buffer.concat(chunks)
      const newlines = whole.toString('latin1').split('\n').length - 1
      const lines = newlines + (whole.length > 0 && whole.at(-1) !== 0x0a ? 1 : 0)
      assert.deepEqual(digester.digest(), { sha256: sha256Of(whole), bytes: whole.length, lines })
    }),
  )
})

test('a file larger than one read has the digest of its bytes', async () => {
  await using at = await temporaryFolder()
  const bytes = Buffer.alloc(2.5 * 1024 * 1024, 'a line\n')
  await writeFile(join(at.path, 'a.jsonl'), bytes)
  const { sha256, bytes: size } = await digestOfFile(realDisk(), join(at.path, 'a.jsonl'))
  assert.deepEqual([sha256, size], [sha256Of(bytes), bytes.length])
})

test('an empty file has the digest of nothing', async () => {
  await using at = await temporaryFolder()
  await writeFile(join(at.path, 'a.jsonl'), '')
  const digest = await digestOfFile(realDisk(), join(at.path, 'a.jsonl'))
  assert.deepEqual(digest, { sha256: sha256Of(Buffer.alloc(0)), bytes: 0, lines: 0 })
})

test('no digest is made through a link, or of a folder', { skip: process.platform === 'win32' }, async () => {
  await using at = await temporaryFolder()
  await writeFile(join(at.path, 'a'), 'a')
  await symlink(join(at.path, 'a'), join(at.path, 'link'))
  await mkdir(join(at.path, 'folder'))
  await assert.rejects(digestOfFile(realDisk(), join(at.path, 'link')), { code: 'ELOOP' })
  await assert.rejects(digestOfFile(realDisk(), join(at.path, 'folder')), { code: 'EISDIR' })
})

test('a digest goes through its field unchanged', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.equal(fromUnencodedDigest(toUnencodedDigest(sha256Of(bytes))), sha256Of(bytes))
    }),
  )
  assert.equal(
    toUnencodedDigest(sha256Of(Buffer.from('hello'))),
    'sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:',
  )
})

test('the SHA-256 is found among other digests, in any order and spacing', () => {
  const sha256 = sha256Of(Buffer.from('a'))
  const field = toUnencodedDigest(sha256)
  assert.equal(fromUnencodedDigest(`sha-512=:AAAA:, ${field}`), sha256)
  assert.equal(fromUnencodedDigest(`${field},md5=:AAAA:`), sha256)
})

test('a field without a SHA-256 says nothing', () => {
  for (const field of ['', 'sha-512=:AAAA:', 'md5=:AAAA:,crc32c=:AA==:'])
    assert.equal(fromUnencodedDigest(field), undefined)
})

test('a malformed SHA-256 is told from a missing one', () => {
  const base64 = 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ='
  const malformed = ['', base64, `:${base64}`, `${base64}:`, ':AAAA:', `:${base64}=:`, `: ${base64}:`, `:${base64}:x`]
  for (const value of [...malformed, `:${base64.replace('+', '-')}:`, `:${'A'.repeat(44)}:`])
    assert.equal(fromUnencodedDigest(`sha-256=${value}`), null, value)
  assert.equal(fromUnencodedDigest('sha-256'), null)
})
