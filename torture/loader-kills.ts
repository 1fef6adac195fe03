/** `update-db` killed at random moments over the real files: what it leaves must be what an undisturbed run leaves. */
import { once } from 'node:events'
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { catalogueDigest } from '@splitcart/data-management/catalogue/digest.ts'
import { originalNameIn } from '@splitcart/shared/packed/kept-file.ts'
import { Chance } from '../packages/data-management/test/random.ts'
import { digestOf, type RealFile } from '../packages/data-management/test/real-files.ts'
import { openMachines } from '../test/machines.ts'
import type { Case, Fault } from './campaign.ts'

const KILLS = 10
// From just after the start to about where an undisturbed run ends.
const KILL_MS_MIN = 150
const KILL_MS_MAX = 1_500
const UPDATE = ['update-db', '--products', '--force', '--quiet'] as const

/** Makes the case: ten kills over the files, a run to the end, and a comparison with the digest of an undisturbed run. */
export async function loaderKills(files: readonly RealFile[]): Promise<Case> {
  const expected = await digestOf(files)
  let kills = 0
  const round = async (seed: number) => {
    await using machines = await openMachines()
    const chance = new Chance(seed)
    const inbox = join(machines.dataManagement, 'product_inbox')
    await mkdir(inbox, { recursive: true })
    for (const file of files) {
      const path = join(inbox, file.name.replace(/\.gz$/, ''))
      await writeFile(path, file.bytes)
      await utimes(path, 1, 1)
    }
    let killed = 0
    while (killed < KILLS) {
      const { child } = machines.start(UPDATE)
      const ended = once(child, 'exit')
      await sleep(chance.between(KILL_MS_MIN, KILL_MS_MAX))
      child.kill('SIGKILL')
      const [, signal] = await ended
      // It was done before: all files are loaded, and a kill after this would prove nothing.
      if (signal !== 'SIGKILL') break
      killed++
      kills++
    }
    const { code, stderr } = await machines.run(UPDATE)
    if (code !== 0) return `the run after ${killed} kills ended with ${code}: ${stderr}`
    // Awaited here: the folder goes when this function has ended.
    return await faultIn(machines.dataManagement, expected, files.length)
  }
  return Object.assign(round, { figure: () => `${kills} kills` })
}

async function faultIn(folder: string, expected: string, files: number): Promise<Fault> {
  using catalogue = openCatalogue(join(folder, 'catalogue.db'))
  const { integrity_check: integrity } = catalogue.database.get('pragma integrity_check') ?? {}
  if (integrity !== 'ok') return `integrity_check says ${integrity}`
  const digest = await catalogueDigest(catalogue.database)
  if (digest !== expected) return `digest ${digest} instead of ${expected}`
  const [waiting, processed] = await Promise.all(
    ['product_inbox', 'product_processed'].map((name) => visible(join(folder, name))),
  )
  if (waiting!.length > 0) return `still in the inbox: ${waiting}`
  return processed!.length === files ? undefined : `${processed!.length} of ${files} files are processed`
}

async function visible(folder: string): Promise<string[]> {
  return [...new Set((await readdir(folder)).flatMap((name) => originalNameIn(name) ?? []))]
}
