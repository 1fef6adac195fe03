/** Finds the file of an upload: plain in the inbox or set aside, in any form among the processed ones. */
import { join } from 'node:path'
import { Digester } from '@splitcart/shared/digest.ts'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import { candidateNames } from '@splitcart/shared/file-name.ts'
import { DamagedFile, isDamage } from '@splitcart/shared/packed/damage.ts'
import { KEPT_ENDINGS, keptContent } from '@splitcart/shared/packed/kept-file.ts'
import { type Folders, foldersOfKind } from '../folders.ts'

/** A file where the bytes of an upload may lie; what `findStored` returns has been compared. */
export type StoredFile = Readonly<{
  path: string
  sha256: string
  place: 'inbox' | 'held' | 'processed' | 'failed'
}>

const FOLDERS = [
  ['held', ''],
  ...KEPT_ENDINGS.map((ending) => ['processed', ending] as const),
  ['failed', ''],
  ['inbox', ''],
] as const

/** The fields by which the bytes of an upload are found. */
export type UploadLocator = Readonly<{ stored_as: string; sha256: string; kind: string }>

/** Finds the file of an upload, in the inbox last. Bytes are compared: another upload may have had the same name. */
export async function findStored(disk: Disk, folders: Folders, upload: UploadLocator): Promise<StoredFile | undefined> {
  for (const stored of candidateFiles(folders, upload)) if (await isIntact(disk, stored)) return stored
  return undefined
}

/** Finds the file of an upload in the inbox. */
export async function findInInbox(
  disk: Disk,
  folders: Folders,
  upload: UploadLocator,
): Promise<StoredFile | undefined> {
  for (const stored of candidateFiles(folders, upload))
    if (stored.place === 'inbox' && (await isIntact(disk, stored))) return stored
  return undefined
}

/** Whether a file with the upload's name exists; its bytes are not checked. */
export async function storedFileExists(disk: Disk, folders: Folders, upload: UploadLocator): Promise<boolean> {
  for (const { path } of candidateFiles(folders, upload)) {
    const found = await disk.lstat(path).catch((error: unknown) => codeOf(error))
    if (found !== 'ENOENT') return true
  }
  return false
}

function* candidateFiles(all: Folders, { stored_as, sha256, kind }: UploadLocator): Generator<StoredFile> {
  const folders = foldersOfKind(all, kind)
  for (const name of candidateNames(stored_as, sha256))
    for (const [place, ending] of FOLDERS) yield { path: join(folders[place], name + ending), sha256, place }
}

/** The bytes of a stored file. Throws a `DamagedFile` at the end if their SHA-256 is not that of the upload. */
export async function* verifiedContent(disk: Disk, { path, sha256 }: StoredFile): AsyncGenerator<Buffer> {
  const digester = new Digester()
  for await (const chunk of keptContent(disk, path)) {
    digester.hash(chunk)
    yield chunk
  }
  const found = digester.digest().sha256
  if (found !== sha256) throw new DamagedFile(`${path} should have the SHA-256 ${sha256} and has ${found}`)
}

async function isIntact(disk: Disk, stored: StoredFile): Promise<boolean> {
  try {
    for await (const _ of verifiedContent(disk, stored));
    return true
  } catch (error) {
    if (isDamage(error) || codeOf(error) === 'ENOENT') return false
    throw error
  }
}
