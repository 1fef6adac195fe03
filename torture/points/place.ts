/** Where a scene plays: the machine that is hit has a disk of its own, the other machine lives beside it. */
import { cp, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { realDisk } from '@splitcart/shared/disk.ts'
import { PACKED_ENDING, unpack } from '@splitcart/shared/packed/packed.ts'
import { sha256Of } from './files.ts'

/**
 * `disk`: what a power cut hits, and where an image is mounted. `own`, `other`: the data folders of the two machines. `closing`: what
 * runs here until the place is left.
 */
export type Place = Readonly<{ root: string; disk: string; own: string; other: string; closing: AsyncDisposableStack }>

/** Names the folders of a place. */
export function placeIn(root: string): Place {
  const disk = join(root, 'disk')
  return { root, disk, own: join(disk, 'data'), other: join(root, 'other'), closing: new AsyncDisposableStack() }
}

/** Makes the folders of a place. */
export async function makePlace(root: string): Promise<Place> {
  const place = placeIn(root)
  for (const folder of [place.own, place.other]) await mkdir(folder, { recursive: true })
  return place
}

/** Copies what lies in one place to another. */
export async function copyPlace(from: Place, to: Place): Promise<void> {
  for (const name of ['own', 'other'] as const) await copyFolder(from[name], to[name])
}

/** Copies a folder with its times: a file that has just changed might still be written to. */
export function copyFolder(from: string, to: string): Promise<void> {
  return cp(from, to, { recursive: true, preserveTimestamps: true })
}

/** The visible files of a folder and the SHA-256 of what each holds (unpacked, where it is packed). */
export async function contentsOf(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile() || entry.name.startsWith('.')) continue
    found.set(entry.name, await digestAt(folder, entry.name))
  }
  return found
}

/** Everything in a folder, or nothing when it is not there. */
export function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}

async function digestAt(folder: string, name: string): Promise<string> {
  const path = join(folder, name)
  try {
    if (name.endsWith(PACKED_ENDING)) return sha256Of(await unpack(realDisk(), folder, path))
    const bytes = await readFile(path)
    return sha256Of(name.endsWith('.gz') ? gunzipSync(bytes) : bytes)
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw error
    return 'torn'
  }
}
