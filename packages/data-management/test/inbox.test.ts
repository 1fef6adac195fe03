/** What every inbox does, whether it is a folder or lies in servers that machines share. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type FileHandle, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { type Nats, NO_NATS, startNats } from '../../../test/nats.ts'
import { foldersIn, makeFolders } from '../folders.ts'
import { FILES_AHEAD_MAX, type FolderStores } from '../inbox/folder/folder-claims.ts'
import { FolderInbox } from '../inbox/folder/folder-inbox.ts'
import type { Claim, Inbox, ReceivedFile } from '../inbox/inbox.ts'
import { JetStreamInbox } from '../inbox/jetstream/servers.ts'
import { SharedInbox } from '../inbox/jetstream/shared-inbox.ts'
import { verifiedContent } from '../inbox/stored.ts'
import { openLedgerIn } from './ledgers.ts'
import { rowsText, sha256Of } from './receiver.ts'

const NOTHING_LOADED = {
  ...{ rows: 0, inserted: 0, changed: 0, unchanged: 0, duplicate: 0, rejected: 0, warnings: 0 },
  ...{ finished_at: '2026-01-01T00:00:00.000Z', problem: null },
}

type Opening = (place: FolderStores) => Promise<Inbox & Partial<AsyncDisposable>>

let nats: Nats | undefined
before(async () => {
  if (NO_NATS === false) nats = await startNats(1)
})
after(async () => nats?.[Symbol.asyncDispose]())

const INBOXES: Readonly<Record<string, Readonly<{ skip: string | false; open: Opening }>>> = {
  'a folder': { skip: false, open: async (place) => new FolderInbox(place) },
  'servers that machines share': {
    skip: NO_NATS,
    open: async (place) => {
      await nats!.wipe()
      return new SharedInbox(place, await JetStreamInbox.open(nats!.address))
    },
  },
}

/** An inbox that nothing has come into yet. */
async function inboxOn(open: Opening) {
  const stack = new AsyncDisposableStack()
  const at = stack.use(await temporaryFolder())
  const folders = foldersIn(at.path)
  const disk = realDisk()
  await makeFolders(disk, folders, ['products'])
  const ledger = stack.use(await openLedgerIn(at.path))
  const inbox = await open({ disk, folders, ledger })
  stack.defer(async () => inbox[Symbol.asyncDispose]?.())
  const { id: keyId } = await ledger.keys.create(
    { name: 'a test', scopes: ['upload'], onlyFor: null, expiresAt: null },
    0,
  )
  /** What has been received: its bytes in a part, and what is known of them. */
  const received = async (text: string, filename: string): Promise<ReceivedFile> => {
    const sha256 = sha256Of(text)
    const id = `${filename} ${sha256.slice(0, 8)}`
    const part = join(folders.parts, id)
    await writeFile(part, text)
    const counts = { bytes: text.length, lines: 3, wire_bytes: 10, received_at: 1 }
    const arrival = {
      id,
      sha256,
      kind: 'products',
      state: 'accepted',
      filename,
      stored_as: filename,
      ...counts,
    } as const
    return { part, arrival, keyId, known: await ledger.uploads.findBySha256(sha256) }
  }
  const parts = () => disk.readdir(folders.parts)
  return { inbox, ledger, received, parts, disk, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

async function textIn(inbox: Inbox, upload: Parameters<Inbox['open']>[0]): Promise<string | undefined> {
  await using opened = await inbox.open(upload)
  if (opened === undefined) return undefined
  // A chunk is overwritten by the next.
  const chunks = await Array.fromAsync(verifiedContent(realDisk(), opened.stored), (chunk) => Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

function fail(name: string, error: unknown): void {
  throw new Error(`${name} could not be claimed`, { cause: error })
}

/** Claims what waits, one after the other. What the test does with them is done before the next is claimed. */
async function* claims(inbox: Inbox, failed: (name: string, error: unknown) => void = fail): AsyncGenerator<Claim> {
  const nobody = new AbortController().signal
  const told = {
    onIgnored: () => assert.fail('something is ignored'),
    onWaiting: () => assert.fail('something waits'),
    onFailed: failed,
  }
  const about = {
    kinds: ['products'],
    now: Date.now,
    log: openLog('silent'),
    signal: nobody,
    untilSettled: async () => {},
  } as const
  yield* inbox.claims({ ...about, ...told })
}

for (const [name, { skip, open }] of Object.entries(INBOXES))
  test(`what has arrived in ${name} waits, and its bytes can be had, once however often they come`, {
    skip,
  }, async () => {
    await using at = await inboxOn(open)
    assert.deepEqual(await at.inbox.status().then(({ files, hasLoader }) => ({ files, hasLoader })), {
      files: 0,
      hasLoader: false,
    })
    const text = rowsText(3)
    const first = await at.inbox.arrive(await at.received(text, 'x.jsonl'))
    assert.deepEqual([first.isNew, first.upload.state, first.upload.stored_as], [true, 'accepted', 'x.jsonl'])
    assert.equal(await at.inbox.has(first.upload), true)
    assert.equal(await textIn(at.inbox, first.upload), text)

    const again = await at.inbox.arrive(await at.received(text, 'y.jsonl'))
    assert.deepEqual([again.isNew, again.upload.id, again.upload.stored_as], [false, first.upload.id, 'x.jsonl'])
    assert.equal((await at.inbox.status()).files, 1)

    const other = await at.inbox.arrive(await at.received(rowsText(4), 'x.jsonl'))
    assert.equal(other.isNew, true)
    assert.equal((await at.inbox.status()).files, 2)
    assert.equal(await textIn(at.inbox, other.upload), rowsText(4))
    assert.equal(await textIn(at.inbox, first.upload), text)
    assert.deepEqual(await at.parts(), [])

    const absent = { ...first.upload, stored_as: 'z.jsonl', sha256: sha256Of('nothing') }
    assert.deepEqual([await at.inbox.has(absent), await textIn(at.inbox, absent)], [false, undefined])
  })

for (const [name, { skip, open }] of Object.entries(INBOXES))
  test(`what waits in ${name} is claimed until it is finished, and what is damaged no more`, { skip }, async () => {
    await using at = await inboxOn(open)
    const arrived = async (text: string, filename: string) =>
      (await at.inbox.arrive(await at.received(text, filename))).upload
    const [first, second] = [await arrived(rowsText(1), 'first.jsonl'), await arrived(rowsText(2), 'second.jsonl')]
    const seen: string[] = []
    for await (const claim of claims(at.inbox)) {
      seen.push(`${claim.upload.stored_as} ${claim.bytes}`)
      await claim.attempt(async () => {
        await using opened = await claim.open()
        assert.equal(opened?.stored.sha256, claim.upload.sha256)
      })
      // One is for another time, which may be at once.
      if (seen.length === 1) claim.release(true)
      else await settled(claim, claim.upload.id === first.id ? 'loaded' : 'failed')
    }
    assert.deepEqual([...new Set(seen)].sort(), ['first.jsonl here', 'second.jsonl here'])
    for await (const claim of claims(at.inbox)) await settled(claim, 'loaded')
    assert.equal((await at.inbox.status()).files, 0)
    assert.deepEqual(await Array.fromAsync(claims(at.inbox)), [])
    for (const [upload, text] of [
      [first, rowsText(1)],
      [second, rowsText(2)],
    ] as const)
      assert.equal(await textIn(at.inbox, upload), text)

    const third = await arrived(rowsText(3), 'third.jsonl')
    for await (const claim of claims(at.inbox)) await claim.removeDamaged()
    assert.equal((await at.inbox.status()).files, 0)
    assert.equal(await textIn(at.inbox, third), undefined)

    async function settled(claim: Claim, state: 'loaded' | 'failed') {
      await at.ledger.uploads.settle(claim.upload.id, state, NOTHING_LOADED, Date.now())
      await claim.finish(state, false)
    }
  })

test('a claim of a folder announces the files behind it once, eight at most, and goes on where it left off', async () => {
  await using at = await inboxOn(INBOXES['a folder']!.open)
  const names = Array.from({ length: FILES_AHEAD_MAX + 4 }, (_, number) => `${number + 10}.jsonl`)
  for (const [number, name] of names.entries()) await at.inbox.arrive(await at.received(rowsText(number + 1), name))
  const announced: string[][] = []
  for await (const { nextToReadAhead } of claims(at.inbox)) {
    const files: string[] = []
    // Whoever asks nothing for one file is told of all for the next.
    if (announced.length !== 1)
      for (let next = await nextToReadAhead!(); next !== undefined; next = await nextToReadAhead!())
        files.push(next.upload.stored_as)
    announced.push(files)
  }
  assert.deepEqual(announced.slice(0, 5), [
    names.slice(1, FILES_AHEAD_MAX + 1),
    [],
    names.slice(FILES_AHEAD_MAX + 1, FILES_AHEAD_MAX + 3),
    [names.at(-1)],
    [],
  ])
  assert.deepEqual(announced.slice(5).flat(), [])
})

test('of an upload of another sender that cannot be taken out of turn, it is that one that is told', {
  skip: NO_NATS,
}, async () => {
  await using at = await inboxOn(INBOXES['servers that machines share']!.open)
  const { upload: first } = await at.inbox.arrive(await at.received(rowsText(1), 'first.jsonl'))
  const other = { name: 'another', scopes: ['upload'], onlyFor: null, expiresAt: null } as const
  const { id: keyId } = await at.ledger.keys.create(other, 0)
  const received = { ...(await at.received(rowsText(2), 'second.jsonl')), keyId }
  const { upload: second } = await at.inbox.arrive(received)
  const take = at.ledger.claimForLoading.bind(at.ledger)
  at.ledger.claimForLoading = async (id, now) => {
    if (id === second.id) throw new Error('it cannot be taken')
    return await take(id, now)
  }
  const failed: string[] = []
  for await (const claim of claims(at.inbox, (name) => failed.push(name))) {
    assert.equal(claim.upload.id, first.id)
    claim.release(false)
    break
  }
  assert.deepEqual(failed, [second.id])
})

test('a part that the disk stops to give while the servers are slow is refused, and ends nothing else', async () => {
  await using at = await temporaryFolder()
  const part = join(at.path, 'part')
  await writeFile(part, randomBytes(4_000_000))
  const bucket = {
    put: async (_: string, bytes: () => AsyncIterable<Uint8Array>) => {
      for await (const _ of bytes()) await sleep(100)
    },
  }
  const disk = failingAfter(1)
  const inbox = new SharedInbox({ disk, folders: {}, ledger: {} } as never, { bucket } as never, {} as never)
  const arrival = { sha256: 'x', kind: 'products', filename: 'x.jsonl' }
  const arriving = inbox.arrive({ part, arrival, keyId: 'a key', known: undefined } as never)
  await assert.rejects(arriving, { code: 'EIO' })
  assert.deepEqual(await disk.readdir(at.path), [])
})

/** A disk whose files fail to be read right after so many chunks. */
function failingAfter(chunks: number): Disk {
  const failing = (file: FileHandle) => {
    const read = file.createReadStream.bind(file)
    file.createReadStream = (options) => {
      const stream = read(options)
      let seen = 0
      stream.on('data', () => {
        if (++seen > chunks) setImmediate(() => stream.destroy(Object.assign(new Error('EIO'), { code: 'EIO' })))
      })
      return stream
    }
    return file
  }
  const real = realDisk()
  return { ...real, open: async (...given) => failing(await real.open(...given)) }
}
