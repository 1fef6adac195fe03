/** A byte that the disk has changed in a database or a kept file is noticed without anybody asking for it, and told. */
import assert from 'node:assert/strict'
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { checkDatabases, checkIntegrity, type IntegrityState } from '../database/integrity.ts'
import { checkKeptFiles } from '../doctor/kept-files.ts'
import { foldersIn, foldersOfKind } from '../folders.ts'
import { Compaction } from '../inbox/processed/compaction.ts'
import { ProcessedIntegrity } from '../inbox/processed-integrity.ts'
import { requestAgain } from '../inbox/request-again.ts'
import { findStored } from '../inbox/stored.ts'
import { runLoaderPass } from '../update-db/update-db.ts'
import { get, named, openReceiver, post, postGzip, rowsText, sha256Of } from './receiver.ts'

test('a damaged page is found and told, also in a table that nobody asks for; a sound database is sound', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'catalogue.db')
  openCatalogue(path)[Symbol.dispose]()
  {
    using database = new DatabaseSync(path)
    const add = database.prepare("insert into company (code, name) values ('c' || ?, 'a company')")
    for (let index = 0; index < 2_000; index++) add.run(index)
    database.exec('pragma wal_checkpoint(truncate)')
  }
  assert.deepEqual(await checkDatabases([path]), [{ path, faults: [] }])
  const file = await open(path, 'r+')
  const bytes = await file.readFile()
  // In an index: the text of a key, which now stands in the wrong place.
  const place = bytes.lastIndexOf('c1500')
  await file.write(Buffer.from('z'), 0, 1, place)
  await file.close()
  const integrity: IntegrityState = { latest: undefined }
  await checkIntegrity(integrity, { paths: [path] }, openLog('silent'))
  assert.ok(integrity.latest!.faults.length > 0)
  assert.match(integrity.latest!.faults[0]!, /catalogue\.db: /)
})

test('a database that cannot be read to its end is no damaged one, and what is known of it stays', async () => {
  await using at = await temporaryFolder()
  const [path, text, missing] = ['catalogue.db', 'ledger.db', 'nothing.db'].map((name) => join(at.path, name))
  openCatalogue(path!)[Symbol.dispose]()
  await writeFile(text!, 'this is not a database '.repeat(100))
  const logged: string[] = []
  const log = { error: (_: unknown, message: string) => void logged.push(message.replace(/:.*/, '')) }
  const integrity: IntegrityState = { latest: undefined }
  const look = async (...paths: (string | undefined)[]) =>
    (await checkIntegrity(integrity, { paths: paths as string[] }, log as never))?.paths
  const [check] = await checkDatabases([missing!])
  assert.deepEqual([check!.faults, check!.error], [[], 'unable to open database file'])
  assert.deepEqual(await look(path, missing), [missing])
  assert.equal(integrity.latest, undefined)
  assert.deepEqual(logged.splice(0), ['a database could not be checked'])
  assert.equal(await look(path, text), undefined)
  assert.match(integrity.latest!.faults.join(), /^[^,]*ledger\.db: file is not a database$/)
  assert.deepEqual(logged.splice(0), ['a database is damaged'])
  const before = integrity.latest
  await rm(text!)
  assert.deepEqual(await look(path, text), [text])
  assert.deepEqual(integrity.latest, before)
  // Of what is not looked at now, too.
  assert.equal(await look(path), undefined)
  assert.match(integrity.latest!.faults.join(), /^[^,]*ledger\.db: file is not a database$/)
  openCatalogue(text!)[Symbol.dispose]()
  assert.equal(await look(text), undefined)
  assert.deepEqual(integrity.latest!.faults, [])
})

test('a flipped byte in a file that is kept for replay is noticed, a part of the files with each look', async () => {
  await using receiver = await openReceiver()
  for (const index of [1, 2, 3]) await postGzip(receiver, `${index}.jsonl.gz`, rowsText(index, index))
  const { folders, ledger, catalogue } = receiver
  const log = openLog('silent')
  const rest = { lineBytesMax: 1024 * 1024, hold: undefined, log, now: Date.now, onFile: () => {} }
  await runLoaderPass({ disk: realDisk(), folders, ledger, catalogue, ...rest }, new AbortController().signal)
  const { processed } = folders
  await new Compaction({ disk: realDisk(), ledger, log, folders: [processed], form: 'gzip' }).compactWaiting(() => true)
  const kept = new ProcessedIntegrity({ disk: realDisk(), folders, ledger }, { bytesPerCheck: 1 })
  const looks = async () => {
    const found: string[][] = []
    for (let times = 0; times < 3; times++) found.push(await kept.check())
    return found.map((paths) => paths.map((path) => path.split('/').at(-1)))
  }
  assert.deepEqual(await looks(), [[], [], []])
  const path = join(processed, '2.jsonl.gz')
  const sound = await readFile(path)
  const damaged = Uint8Array.from(sound)
  damaged[sound.length - 12]! ^= 1
  await writeFile(path, damaged)
  const told = '2.jsonl.gz: not the bytes that were accepted'
  assert.deepEqual(await looks(), [[], [told], [told]])
  // The bytes are sound gzip, and not those of any upload.
  await writeFile(path, gzipSync(rowsText(9, 9)))
  assert.deepEqual(await looks(), [[told], [told], [told]])
  const integrity: IntegrityState = { latest: undefined }
  await checkIntegrity(integrity, { paths: [], files: kept }, log)
  assert.match(integrity.latest!.faults[0]!, /2\.jsonl\.gz/)
  assert.match(
    (await checkKeptFiles(realDisk(), folders))?.detail ?? '',
    /2\.jsonl\.gz: not the bytes that were accepted/,
  )
  await writeFile(path, sound)
  assert.deepEqual((await looks()).at(-1), [])
  assert.equal(await checkKeptFiles(realDisk(), folders), undefined)
})

/**
 * Kept files of which none holds what was accepted. `readdir`: the code with which their folder cannot be read; `closed`:
 * the files that cannot be opened; `opened`: those that were.
 */
async function withDamaged(data: string, names: readonly string[]) {
  const folders = foldersIn(data)
  const { processed } = folders
  await mkdir(processed)
  const failing: { readdir?: string; closed: string[]; onDamage?: (path: string) => Promise<void> } = { closed: [] }
  const opened: string[] = []
  for (const name of names) await writeFile(join(processed, name), 'damaged')
  const open = async (path: string, ...how: [string]) => {
    const refused = Object.assign(new Error(`EACCES: ${path}`), { code: 'EACCES', syscall: 'open' })
    if (failing.closed.includes(basename(path))) throw refused
    opened.push(basename(path))
    return await realDisk().open(path, ...how)
  }
  const readdir = async (path: string) => {
    if (failing.readdir !== undefined) throw Object.assign(new Error(failing.readdir), { code: failing.readdir })
    return await realDisk().readdir(path)
  }
  const uploads = { has: async () => false }
  const context = { disk: { ...realDisk(), readdir, open }, folders, ledger: { uploads } }
  const onDamage = async (path: string) => failing.onDamage?.(path)
  return { failing, opened, kept: new ProcessedIntegrity({ ...context, onDamage } as never, { isThrottled: false }) }
}

test('damage that is known stays known where the folder cannot be read, and this is told', async () => {
  await using at = await temporaryFolder()
  const { kept, failing } = await withDamaged(at.path, ['1.jsonl'])
  const integrity: IntegrityState = { latest: undefined }
  await checkIntegrity(integrity, { paths: [], files: kept }, openLog('silent'))
  failing.readdir = 'EIO'
  const log = { error: (_: unknown, text: string) => void logged.push(text) }
  const logged: string[] = []
  await checkIntegrity(integrity, { paths: [], files: kept }, log as never)
  assert.match(integrity.latest!.faults.join(), /1\.jsonl: not the bytes/)
  const told = 'kept files are damaged: look at the disk (docs/operations.md)'
  assert.deepEqual(logged, ['what is kept could not be looked at', told])
  failing.readdir = 'ENOENT'
  assert.deepEqual(await kept.check(), [])
})

test('a file that cannot be opened keeps no other from being read, and nothing but it is read again', async () => {
  await using at = await temporaryFolder()
  const database = join(at.path, 'catalogue.db')
  openCatalogue(database)[Symbol.dispose]()
  const { kept, failing, opened } = await withDamaged(at.path, ['1.jsonl', '2.jsonl', '3.jsonl'])
  failing.closed = ['2.jsonl']
  const integrity: IntegrityState = { latest: undefined }
  const log = openLog('silent')
  const rest = await checkIntegrity(integrity, { paths: [database], files: kept }, log)
  assert.deepEqual(rest, { paths: [], files: kept, isAgain: true })
  const faults = () => integrity.latest!.faults.map((fault) => basename(fault.replace(/:.*/, '')))
  assert.deepEqual(
    [opened.splice(0), faults()],
    [
      ['1.jsonl', '3.jsonl'],
      ['1.jsonl', '3.jsonl'],
    ],
  )
  assert.deepEqual(await checkIntegrity(integrity, rest!, log), rest)
  assert.deepEqual(opened.splice(0), [])
  failing.closed = []
  assert.equal(await checkIntegrity(integrity, rest!, log), undefined)
  assert.deepEqual([opened.splice(0), faults()], [['2.jsonl'], ['1.jsonl', '3.jsonl', '2.jsonl']])
  assert.equal(await checkIntegrity(integrity, rest!, log), undefined)
  assert.deepEqual(opened, [])
})

test('files of a folder that could not be read are read again when it can be', async () => {
  await using at = await temporaryFolder()
  const { kept, failing, opened } = await withDamaged(at.path, ['1.jsonl'])
  failing.readdir = 'EACCES'
  await assert.rejects(kept.check(), /EACCES/)
  delete failing.readdir
  assert.equal((await kept.check(undefined, { onlyUnread: true })).length, 1)
  assert.deepEqual(opened, ['1.jsonl'])
})

test('what a damaged file needs is asked for again until that works, and other files do not wait for it', async () => {
  await using at = await temporaryFolder()
  const { kept, failing } = await withDamaged(at.path, ['1.jsonl', '2.jsonl'])
  const asked: string[] = []
  failing.onDamage = async (path) => {
    asked.push(path.slice(-7))
    if (path.endsWith('1.jsonl')) throw new Error('the database is away')
  }
  await assert.rejects(kept.check(), /is away/)
  await assert.rejects(kept.check(), /is away/)
  assert.deepEqual(asked, ['1.jsonl', '2.jsonl', '1.jsonl'])
  failing.onDamage = async (path) => void asked.push(path.slice(-7))
  for (let times = 0; times < 2; times++) assert.equal((await kept.check()).length, 2)
  assert.deepEqual(asked.slice(3), ['1.jsonl'])
})

test('a damaged list of stores or of barcodes is noticed, asked for, and whole again when it comes', async () => {
  const lists = {
    stores: '{"company":"aldi","store_id":"S1","suburb":"Nerang"}\n',
    barcodes: '{"company":"aldi","sku":"s1","barcode":"9300605000018"}\n',
  } as const
  const kinds = ['stores', 'barcodes'] as const
  await using receiver = await openReceiver({ kinds: ['products', ...kinds] })
  const { folders, ledger, catalogue } = receiver
  const disk = realDisk()
  const send = (kind: 'stores' | 'barcodes') => {
    const about = { 'Content-Type': 'application/x-ndjson', 'Content-Disposition': named('x.jsonl') }
    return post(receiver, about, lists[kind], `/api/upload/${kind}/`)
  }
  for (const kind of kinds) await send(kind)
  const rest = { lineBytesMax: 1024, hold: undefined, log: openLog('silent'), now: Date.now, onFile: () => {} }
  await runLoaderPass({ disk, folders, ledger, catalogue, kinds, ...rest }, new AbortController().signal)
  const onDamage = async (path: string) =>
    void (await requestAgain({ disk, folders, ledger }, { path, now: Date.now(), daysMax: 90 }))
  const kept = new ProcessedIntegrity({ disk, folders, ledger, onDamage }, { isThrottled: false })
  assert.deepEqual(await kept.check(), [])
  const requested = async () => {
    const { uploads } = (await get(receiver, '/api/uploads/requested')).body as { uploads?: { kind: string }[] }
    return uploads?.map((upload) => upload.kind)
  }
  for (const kind of kinds) {
    const path = join(foldersOfKind(folders, kind).processed, 'x.jsonl')
    await writeFile(path, 'damaged')
    assert.deepEqual(await kept.check(), [`${path}: not the bytes that were accepted`])
    assert.deepEqual(await requested(), [kind])
    assert.equal((await send(kind)).status, 200)
    assert.deepEqual([await kept.check(), await requested()], [[], []])
    assert.ok(await findStored(disk, folders, { stored_as: 'x.jsonl', sha256: sha256Of(lists[kind]), kind }))
  }
})
