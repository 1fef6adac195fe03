/** A script for mounts of its own: two grounds of one state, on each kind of file system, lose their power while the other is mounted. */
import assert from 'node:assert/strict'
import { open, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { realDisk } from '@splitcart/shared/disk.ts'
import { syncFolder } from '@splitcart/shared/durable-file.ts'
import { imagesMissing, KINDS, type Kind, worldOn } from '../torture/points/images.ts'
import { makePlace } from '../torture/points/place.ts'
import type { Ground } from '../torture/points/stage.ts'
import { temporaryFolder } from './folders.ts'

// What the test takes for "not possible here".
const NOT_POSSIBLE = 3

if ((await imagesMissing()) === false) for (const kind of KINDS) await cutTwo(kind)
else process.exitCode = NOT_POSSIBLE

async function cutTwo(kind: Kind): Promise<void> {
  await using at = await temporaryFolder()
  const world = worldOn(kind, {})
  const from = await makePlace(at.path)
  await writeFile(join(from.own, 'from the beginning'), 'x')
  await using one = await world.open(from)
  await using other = await world.open(from)
  const grounds = { one, other }
  for (const [name, ground] of Object.entries(grounds)) await writeOn(ground, name)
  for (const ground of Object.values(grounds)) await ground.cut()
  for (const [name, { place }] of Object.entries(grounds))
    assert.deepEqual((await readdir(place.own)).sort(), ['from the beginning', `synced on ${name}`], kind.name)
}

/** One file whose bytes and name are synced, then one of which nothing is. */
async function writeOn({ place }: Ground, name: string): Promise<void> {
  const file = await open(join(place.own, `synced on ${name}`), 'wx')
  await file.appendFile('x')
  await file.sync()
  await file.close()
  await syncFolder(realDisk(), place.own)
  await writeFile(join(place.own, `not synced on ${name}`), 'x')
}
