/** Links, FIFOs and folders where files are expected: what lies outside is neither read nor written, and nothing waits. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { lstat, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Place } from './place.ts'
import { putInOutbox, row, textOf } from './place.ts'
import { freshSender, type Sender, upload } from './sender.ts'

const WINDOWS = process.platform === 'win32' && 'Windows has no FIFOs, and few may make links'
const FLIPS = 2_000
const SECRET = `${JSON.stringify({ secret: 'of somebody else' })}\n`
const TEXT = textOf(row('Milk'))

type Plant = (path: string, outside: string) => void

const PLANTS: Readonly<Record<string, Plant>> = {
  'a link': (path, outside) => symlinkSync(outside, path),
  'a FIFO': (path) => execFileSync('mkfifo', [path]),
  'a folder': (path) => mkdirSync(path),
}

/** The places that a run writes to or reads from, all of them taken. */
function plantAll(plant: Plant, { folders }: Place, outside: string): void {
  for (const name of ['a.jsonl.zst', 'a.jsonl.gz', 'a.jsonl.json', 'a.jsonl.json.part', 'a.jsonl.resume'])
    plant(join(folders.spool, name), outside)
  for (const name of ['a.jsonl', 'a.receipt.json', 'a.receipt.json.part', 'a.rejects.jsonl'])
    plant(join(folders.archive, name), outside)
  for (const name of ['a.jsonl', 'a.problem.json']) plant(join(folders.refused, name), outside)
  plant(join(folders.part, 'a.jsonl'), outside)
  plant(join(folders.outbox, 'b.jsonl'), outside)
}

for (const [what, plant] of Object.entries(PLANTS))
  test(`${what} planted wherever a run reads or writes leads nowhere and keeps nobody waiting`, {
    skip: WINDOWS,
  }, async () => {
    await using sender = await freshSender()
    const outside = await outsideOf(sender)
    plantAll(plant, sender.place, outside)
    await putInOutbox(sender.place, 'a.jsonl', TEXT)
    // Whether the run comes through does not matter here; that it ends, and what it has touched, does.
    await upload(sender).catch(() => {})
    assertNothingLeaked(sender)
    assert.equal(await readFile(outside, 'utf8'), SECRET)
  })

test('a name that is a file and a link by turns is never sent as what the link leads to', {
  skip: WINDOWS,
}, async () => {
  await using sender = await freshSender()
  const outside = await outsideOf(sender)
  let isFlipping = true
  const flipping = flip(join(sender.place.folders.outbox, 'a.jsonl'), outside).finally(() => (isFlipping = false))
  let runs = 0
  for (; isFlipping || runs < 3; runs++) {
    await upload(sender).catch(() => {})
    await nextTurn()
  }
  await flipping
  assert.ok(sender.server.heard.length > 0, 'something was sent')
  assertNothingLeaked(sender)
  assert.equal(await readFile(outside, 'utf8'), SECRET)
  const { archive } = sender.place.folders
  for (const name of await readdir(archive)) assert.ok((await lstat(join(archive, name))).isFile(), `${name} is a file`)
})

async function flip(path: string, outside: string): Promise<void> {
  for (let number = 0; number < FLIPS; number++) {
    writeFileSync(`${path}.new`, textOf(row(`Milk ${number}`)))
    renameSync(`${path}.new`, path)
    await nextTurn()
    symlinkSync(outside, `${path}.link`)
    renameSync(`${path}.link`, path)
    await nextTurn()
  }
}

async function outsideOf({ place }: Sender): Promise<string> {
  const outside = join(place.dataDir, 'outside')
  await writeFile(outside, SECRET)
  await symlink(outside, join(place.folders.outbox, 'link.jsonl'))
  return outside
}

function assertNothingLeaked({ server }: Sender): void {
  for (const content of server.contents.values()) assert.ok(!content.includes('somebody else'), 'it was sent')
}
