/** Names made by chance from what has led out of folders before: none of them makes a path outside. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { dirname, posix, win32 } from 'node:path'
import { test } from 'node:test'
import { candidateNames, FILE_NAME_BYTES_MAX, faultOfFileName } from '@splitcart/shared/file-name.ts'
import { Chance } from './random.ts'
import { openReceiver, post, sha256Of } from './receiver.ts'

const NAMES = 10_000
const SENT = 150
const PIECES = [
  ...['..', '.', '/', '\\', '\0', '\n', '\r', ':', '%2e%2e', '%2f', '%5c', '%00', '~', '$HOME', '`id`', '*', '?'],
  ...['con', 'NUL', 'lpt1', 'aux', ' ', '\u200b', '\u202e', '\uff0f', '\u2215', '\ud800', 'é', 'e\u0301', 'ß', '牛乳'],
  ...[
    '.jsonl',
    '.gz',
    '.jsonl.gz',
    '.part',
    'a',
    'milk',
    "'",
    '(',
    ')',
    '+',
    ',',
    '@',
    '&',
    '=',
    '-',
    '_',
    '\u0130',
    'C:',
  ],
  ...['x'.repeat(60), '/etc/passwd', '//host/share', 'file:', '"', '<', '>', '|', ';', '\ufffd', '\ufeff', '\u0085'],
]

function nameBy(chance: Chance): string {
  const pieces = Array.from({ length: chance.between(1, 7) }, () => chance.of(PIECES))
  return pieces.join('') + (chance.between(0, 9) < 8 ? '.jsonl' : '')
}

test('of 10,000 names every one that is taken is a name in its folder, on each platform', () => {
  const chance = new Chance(22)
  let taken = 0
  for (let index = 0; index < NAMES; index++) {
    const name = nameBy(chance)
    if (faultOfFileName(name) !== undefined) continue
    taken++
    for (const stored of candidateNames(name, sha256Of(name)))
      for (const path of [posix, win32]) {
        const whole = path.join('/inbox', stored)
        assert.equal(path.dirname(whole), path.normalize('/inbox'), JSON.stringify(name))
        assert.equal(path.basename(whole), stored, JSON.stringify(name))
        assert.ok(Buffer.byteLength(stored) <= FILE_NAME_BYTES_MAX)
      }
  }
  assert.ok(taken > 100 && taken < NAMES / 2, `${taken} taken`)
})

test('names that are sent put files into the inbox and nowhere else', async () => {
  await using receiver = await openReceiver()
  const before = await strayed(receiver.folders.data)
  const chance = new Chance(23)
  const taken = new Set<string>()
  for (let index = 0; index < SENT; index++) {
    const name = nameBy(chance)
    const disposition = `attachment; filename*=UTF-8''${encodeURIComponent(name.toWellFormed())}`
    const fields = { 'Content-Type': 'application/jsonl', 'Content-Disposition': disposition }
    const { status, body } = await post(receiver, fields, `${index}\n`)
    assert.ok(status === 201 || status === 400, `${status} for ${JSON.stringify(name)}`)
    if (status === 201) taken.add(String(body.filename))
  }
  const root = receiver.folders.data
  const found = await readdir(root, { recursive: true, withFileTypes: true })
  const files = found.filter(
    (entry) => !entry.isDirectory() && !/^(ledger\.db|catalogue\.db|server\.log)/.test(entry.name),
  )
  for (const { parentPath, name } of files) assert.equal(parentPath, receiver.folders.inbox, name)
  assert.deepEqual(await strayed(root), before)
  assert.ok(taken.size > 0)
})

/** What lies beside the data folder and is called as a scrape is. */
async function strayed(folder: string): Promise<string[]> {
  return (await readdir(dirname(folder))).filter((name) => name.includes('jsonl')).sort()
}
