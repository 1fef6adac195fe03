/**
 * Really full disks: the data folder of each process on a file system with room for so many pages or files more, and no longer. What
 * it said is kept, it says that the disk is full; and when there is room again, the next run finishes everything.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { temporaryFolder } from '../../test/folders.ts'
import type { Case, Fault } from '../campaign.ts'
import { copyPlace, makePlace } from './place.ts'
import type { Point } from './points.ts'
import { SCENES } from './scenes.ts'
import type { Ground, Stage } from './stage.ts'
import { sweepCase } from './sweep.ts'

const run = promisify(execFile)

const PAGE = 4096
const PAGES_MAX = 120
const FILES_MAX = 16
const ROOM = 'size=64m,nr_inodes=1000'

type Room = Readonly<{ pages: number; files: number }>

/** The case: a seed is a scene and how much room it has left. */
export function fullDiskCase(): Case {
  let full = 0
  const attempt = async (stage: Stage, { order }: Point): Promise<Fault> => {
    await using ground = await openFull(stage, ROOMS[order]!)
    const told = await stage.play(ground, undefined, {})
    if (told.killed || /^Node\.js v\d/m.test(told.printed)) {
      if (!stage.scene.name.startsWith('writer')) return `it crashed: ${told.printed}`
    }
    if (told.code !== 0 && told.printed.trim() === '') return `it ended with ${told.code} and said nothing`
    if (/ENOSPC|no space|disk_full|disk is full|disk I\/O error/i.test(told.printed)) full++
    await ground.cut()
    return await stage.faultAfter(ground, told)
  }
  const sweep = sweepCase({ scenes: SCENES, choose: () => POINTS, attempt })
  const { figure } = sweep
  return Object.assign(sweep, { figure: () => `${figure?.()}, ${full} said that the disk was full` })
}

const ROOMS: readonly Room[] = [
  ...Array.from({ length: PAGES_MAX / 2 }, (_, index) => ({ pages: 2 * index + 1, files: 1000 })),
  ...Array.from({ length: FILES_MAX }, (_, files) => ({ pages: 10_000, files })),
]

const POINTS: readonly Point[] = ROOMS.map(({ pages, files }, order) => ({
  label: files === 1000 ? `${pages} pages left` : `${files} files left`,
  blow: { call: '', at: 0, paths: [] },
  order,
}))

async function openFull(stage: Stage, { pages, files }: Room): Promise<Ground> {
  const at = await temporaryFolder()
  const place = await makePlace(at.path)
  await run('mount', ['-t', 'tmpfs', '-o', ROOM, 'tmpfs', place.disk])
  await copyPlace(stage.from, place)
  const { stdout } = await run('df', ['--block-size=1', '--output=used,iused', place.disk])
  const [used, inodes] = stdout.trim().split('\n')[1]!.trim().split(/\s+/).map(Number)
  await remount(`size=${used! + pages * PAGE},nr_inodes=${inodes! + files}`)
  function remount(room: string) {
    return run('mount', ['-o', `remount,${room}`, place.disk])
  }
  return {
    place,
    cut: async () => void (await remount(ROOM)),
    [Symbol.asyncDispose]: async () => {
      await place.closing.disposeAsync()
      await run('umount', [place.disk]).catch(() => {})
      await at[Symbol.asyncDispose]()
    },
  }
}
