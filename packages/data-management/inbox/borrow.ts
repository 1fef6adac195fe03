/** The bytes of an upload for as long as somebody needs them: its own file, or a copy of what a fleet has in its bucket. */
import { join } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { removeIfThere, writePart } from '@splitcart/shared/durable-file.ts'
import { v7 as uuid } from 'uuid'
import type { Folders } from '../folders.ts'
import type { JetStreamInbox } from './jetstream.ts'
import { findStored, liesInFolders, type Stored } from './stored.ts'

/** Where uploads may lie. `fleet`: the inbox that several machines share, where there is one. */
export type Places = Readonly<{ disk: Disk; folders: Folders; fleet?: JetStreamInbox | undefined }>

type Named = Readonly<{ stored_as: string; sha256: string; kind: string }>

/** A file that is there until it is disposed of. */
export type Borrowed = AsyncDisposable & Readonly<{ stored: Stored }>

/** The file of an upload that has been put away; undefined when it is no longer here. */
export async function borrow({ disk, folders, fleet }: Places, upload: Named): Promise<Borrowed | undefined> {
  if (fleet === undefined) {
    const stored = await findStored(disk, folders, upload)
    return stored === undefined ? undefined : { stored, [Symbol.asyncDispose]: async () => {} }
  }
  const { sha256 } = upload
  const pieces = await fleet.bucket.get(sha256)
  if (pieces === undefined) return undefined
  const path = join(folders.parts, `${uuid()}.gz`)
  await writePart(disk, path, async (part) => {
    for await (const piece of pieces) await part.appendFile(piece)
  })
  // Where a file lies that has been dealt with: nobody puts it away once more.
  const stored = { path, sha256, isCompressed: true, place: 'processed' } as const
  return { stored, [Symbol.asyncDispose]: () => removeIfThere(disk, path) }
}

/** Whether there are bytes that may be an upload's, by their name alone. */
export function liesSomewhere({ disk, folders, fleet }: Places, upload: Named): Promise<boolean> {
  return fleet === undefined ? liesInFolders(disk, folders, upload) : fleet.bucket.has(upload.sha256)
}
