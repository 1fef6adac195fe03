/** A thread that makes names be a file, a link, a FIFO, a folder and nothing by turns, as fast as it can or with short pauses. */
import { execFileSync } from 'node:child_process'
import {
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { Chance } from '../../packages/data-management/test/random.ts'

/** `names`: what is swapped. `models`: files of whose copies they are by turns. `outside`: where the links lead. */
export type Swapping = Readonly<{
  seed: number
  turns: number
  names: readonly string[]
  models: readonly string[]
  outside: string
  own: string
}>

const PAUSE_SHARE = 0.5
const PAUSE_MS_MAX = 2
const EMPTY = Buffer.alloc(0)

const { seed, turns, names, models, outside, own } = workerData as Swapping
const chance = new Chance(seed)
const clock = new Int32Array(new SharedArrayBuffer(4))
const fifos = [join(own, 'fifo'), join(own, 'open-fifo')]
execFileSync('mkfifo', fifos)
// Of this one the other end is open, and says nothing.
openSync(fifos[1]!, constants.O_RDWR | constants.O_NONBLOCK)

const KINDS: Readonly<Record<string, (path: string) => void>> = {
  file: (path) => copyFileSync(chance.of(models), path),
  'empty file': (path) => writeFileSync(path, EMPTY),
  link: (path) => symlinkSync(outside, path),
  'link to nowhere': (path) => symlinkSync(join(own, 'nothing'), path),
  'link to a folder': (path) => symlinkSync(own, path),
  FIFO: (path) => linkSync(chance.of(fifos), path),
  folder: (path) => mkdirSync(path),
}

/** In one step where the kernel can: the name is never gone in between. */
function swap(name: string, kind: string): void {
  const next = join(own, 'next')
  rmSync(next, { recursive: true, force: true })
  if (kind === 'nothing' || kind === 'folder' || isFolder(name)) rmSync(name, { recursive: true, force: true })
  if (kind === 'nothing') return
  KINDS[kind]!(next)
  // A file that nobody sent is left alone until it has been still for a while.
  if (lstatSync(next).isFile()) utimesSync(next, 1, 1)
  renameSync(next, name)
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

let done = 0
for (let turn = 0; turn < turns; turn++) {
  try {
    swap(chance.of(names), chance.of(['file', 'file', 'file', ...Object.keys(KINDS), 'nothing']))
    done++
  } catch {
    // The program was there first: it made or moved something in the same moment.
  }
  if (chance.is(PAUSE_SHARE)) Atomics.wait(clock, 0, 0, chance.next() * PAUSE_MS_MAX)
}
for (const name of names) rmSync(name, { recursive: true, force: true })
parentPort!.postMessage({ done, left: readdirSync(own).length })
