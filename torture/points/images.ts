/** File systems in a file, from which the power can be taken: what was not synced is gone, as after a real power cut. */
import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder } from '../../test/folders.ts'
import { copyFolder, makePlace, type Place } from './place.ts'
import type { Ground, World } from './stage.ts'

const run = promisify(execFile)

/**
 * A kind of file system. XFS takes no smaller one, and mounts a copy while the original or another copy is mounted only when it does
 * not look at the UUID; the others write back and commit only when they are told to, or much later.
 */
export type Kind = Readonly<{ name: string; size: string; make: readonly string[]; options: string }>

export const KINDS: readonly Kind[] = [
  { name: 'ext4', size: '48M', make: ['mkfs.ext4', '-q', '-F'], options: 'loop,commit=300' },
  { name: 'XFS', size: '320M', make: ['mkfs.xfs', '-q', '-f'], options: 'loop,nouuid' },
]

/** Which program is missing here; false when none is. */
export function imageProgramsMissing(): string | false {
  for (const [program, origin] of [
    ['mkfs.ext4', 'e2fsprogs'],
    ['mkfs.xfs', 'xfsprogs'],
    ['xfs_io', 'xfsprogs'],
  ] as const)
    try {
      execFileSync(program, ['-V'], { stdio: 'ignore' })
    } catch {
      return `${program} is missing (in the package ${origin} of Debian)`
    }
  return false
}

/** Why no image can be mounted here; false when it can. Asked in mounts of its own. */
export async function imagesMissing(): Promise<string | false> {
  await using at = await temporaryFolder()
  try {
    await makeImage(KINDS[0]!, join(at.path, 'image'))
    await run('mount', ['-o', 'loop', join(at.path, 'image'), '/mnt'])
    await run('umount', ['/mnt'])
    return false
  } catch {
    return 'this machine mounts no images of file systems'
  }
}

/** Grounds on which the machine that is hit has its data on a file system of this kind. Each state becomes one image, copied for each. */
export function worldOn(kind: Kind, environment: World['environment']): World {
  const images = new Map<Place, Promise<string>>()
  const open = async (from: Place): Promise<Ground> => {
    if (!images.has(from)) images.set(from, imageOf(kind, from))
    const image = await images.get(from)!
    const at = await temporaryFolder()
    const place = await makePlace(at.path)
    const own = join(at.path, 'image')
    await run('cp', ['--sparse=always', image, own])
    await mount(kind, own, place)
    await copyFolder(from.other, place.other)
    return {
      place,
      cut: async () => {
        await run('xfs_io', ['-x', '-c', 'shutdown', place.disk])
        await run('umount', [place.disk])
        await mount(kind, own, place)
      },
      [Symbol.asyncDispose]: async () => {
        await place.closing.disposeAsync()
        await run('umount', [place.disk]).catch(() => {})
        await at[Symbol.asyncDispose]()
      },
    }
  }
  return { environment, open }
}

async function imageOf(kind: Kind, from: Place): Promise<string> {
  const image = join(from.root, `image-${kind.name}`)
  await makeImage(kind, image)
  await using at = await temporaryFolder()
  const place = await makePlace(at.path)
  await mount(kind, image, place)
  try {
    await copyFolder(from.own, place.own)
  } finally {
    await run('umount', [place.disk])
  }
  return image
}

async function makeImage({ size, make: [program, ...options] }: Kind, path: string): Promise<void> {
  await run('truncate', ['-s', size, path])
  await run(program!, [...options, path])
}

function mount({ options }: Kind, image: string, { disk }: Place) {
  return run('mount', ['-o', options, image, disk])
}
