/** Ways in which people and programs put a file into a folder, none of which hands it over whole: in pieces, with pauses. */
import { appendFile, type FileHandle, link, lstat, open, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from '@splitcart/shared/disk.ts'
import type { Chance } from '../../packages/data-management/test/random.ts'

const PIECES_MAX = 8
// Many writers put a line end after each row and flush there: the worst places to mistake a part for the whole.
const AT_LINE_END_SHARE = 0.6
// For a killed watch to come back and send.
const TAKEN_MS_MAX = 120_000
const TAKEN_LOOK_MS = 50

/**
 * `holds`: the file stays open; `reopens`: it is opened for each piece, and begun anew when it is gone, as programs do that resume;
 * `reserves`: it has its size from the beginning, as with Explorer; `links`: it is linked from the folder of a program that goes on
 * writing there when the outbox has lost it, which nobody sees who looks for open files.
 */
export const MANNERS = ['holds', 'links', 'reopens', 'reserves'] as const

export type MannerOfCopying = Exclude<(typeof MANNERS)[number], 'links'>

/** Where the pieces of a text begin and end. */
export function piecesOf(text: Buffer, chance: Chance): Buffer[] {
  const cuts = new Set<number>()
  for (let pieces = chance.between(2, PIECES_MAX); pieces > 1; pieces--) {
    const at = chance.between(1, text.length - 1)
    cuts.add(chance.is(AT_LINE_END_SHARE) ? text.lastIndexOf(0x0a, at) + 1 : at)
  }
  const ends = [...cuts, text.length].filter((at) => at > 0).sort((a, b) => a - b)
  return ends.map((end, index) => text.subarray(ends[index - 1] ?? 0, end)).filter((piece) => piece.length > 0)
}

type Copying = Readonly<{ manner: MannerOfCopying; pause: () => number }>

/** Copies pieces into a file, with pauses before all but the first. */
export async function copy(path: string, pieces: readonly Buffer[], { manner, pause }: Copying): Promise<void> {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0)
  let file: FileHandle | undefined
  let at = 0
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await sleep(pause())
    file ??= await openAt(path, at)
    if (file === undefined) return copy(path, pieces, { manner, pause })
    if (manner === 'reserves' && index === 0) await file.truncate(size)
    await file.write(piece, 0, piece.length, at)
    at += piece.length
    if (manner !== 'reopens') continue
    await file.close()
    file = undefined
  }
  await file?.close()
}

/** Writes pieces into a file of its own that is linked into the outbox, each after the last was taken. Returns how many came too late. */
export async function copyByLink(path: string, own: string, pieces: readonly Buffer[], pause: () => number) {
  await writeFile(own, pieces[0] ?? '')
  await link(own, path)
  let late = 0
  for (const piece of pieces.slice(1)) {
    const end = performance.now() + TAKEN_MS_MAX
    while ((await isThere(path)) && performance.now() < end) await sleep(TAKEN_LOOK_MS)
    await sleep(pause())
    if (!(await isThere(path))) late++
    await appendFile(own, piece)
  }
  return late
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

/** Opens a file to go on at a place; undefined where it has been taken away meanwhile. */
async function openAt(path: string, at: number): Promise<FileHandle | undefined> {
  try {
    return await open(path, at === 0 ? 'w' : 'r+')
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    return undefined
  }
}
