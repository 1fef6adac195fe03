/** Doctor names folders and kept files that it cannot read: it must not say that all is well where it saw nothing. */
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { refusingDisk } from '@splitcart/shared/test/failing-disk.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { examineDataManagement } from '../doctor/doctor.ts'
import { checkKeptFiles } from '../doctor/kept-files.ts'
import { foldersIn, makeFolders } from '../folders.ts'
import { openReceiver } from './receiver.ts'

/** A real disk that lists none of some folders. */
function unlistedDisk(names: readonly string[], code: string): Disk {
  const real = realDisk()
  const readdir = async (path: string) => {
    if (names.includes(basename(path))) throw Object.assign(new Error(`${code}: ${path}`), { code, syscall: 'scandir' })
    return await real.readdir(path)
  }
  return { ...real, readdir } as Disk
}

/** What is told of folders on a machine that receives. */
async function toldOfFolders(disk: Disk, dataDir: string): Promise<string[]> {
  const catalogue = join(dataDir, 'catalogue.db')
  const examined = { dataDir, catalogue, server: undefined, isOfFleet: false, diskBytesKept: 0 }
  const told: string[] = []
  for await (const { check, state, detail } of examineDataManagement(disk, examined))
    if (check === 'folder' && state !== 'ok') told.push(`${state} ${detail.replace(`${dataDir}/`, '')}`)
  return told
}

test('a folder of files that cannot be read or is gone is told, each in one line', async () => {
  await using at = await temporaryFolder()
  const folders = foldersIn(at.path)
  await makeFolders(realDisk(), folders, ['products', 'stores'])
  assert.deepEqual(await toldOfFolders(realDisk(), at.path), [])
  for (const [code, reason] of [
    ['EACCES', 'this user has no right to it (EACCES)'],
    ['EIO', `EIO: ${folders.processed}`],
  ] as const)
    assert.deepEqual(await toldOfFolders(unlistedDisk(['product_processed'], code), at.path), [
      `fail product_processed: ${reason}`,
    ])
  assert.deepEqual(await toldOfFolders(unlistedDisk(['product_held', 'stores_processed'], 'EACCES'), at.path), [
    'fail product_held: this user has no right to it (EACCES)',
    'fail stores_processed: this user has no right to it (EACCES)',
  ])
  await rm(folders.processed, { recursive: true })
  assert.deepEqual(await toldOfFolders(realDisk(), at.path), ['warn product_processed is not there'])
})

test('a kept file that cannot be read is told, and a damaged one before it', async () => {
  await using receiver = await openReceiver()
  const { folders } = receiver
  await writeFile(join(folders.processed, 'a.jsonl'), 'not what was accepted')
  await writeFile(join(folders.processed, 'b.jsonl'), '')
  const refusing = (names: RegExp) =>
    checkKeptFiles(
      refusingDisk((path) => names.test(path), 'EACCES'),
      folders,
    )
  const unread = await refusing(/jsonl$/)
  assert.equal(unread?.state, 'fail')
  assert.match(unread.detail, /b\.jsonl: this user has no right to it \(EACCES\), and 1 more$/)
  assert.match(
    (await refusing(/b\.jsonl$/))?.detail ?? '',
    /a\.jsonl: not the bytes .*; .*b\.jsonl: this user has no right/,
  )
  assert.equal(await checkKeptFiles(unlistedDisk(['product_processed'], 'EIO'), folders), undefined)
})
