/** Scenes in which the loader is hit: `update-db --products` over an inbox. */
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { PROGRAM, recordsIn, startProgram, withoutSettings } from '../../test/machines.ts'
import type { Fault } from '../campaign.ts'
import { type File, fileOf, largeFileOf, limitedFileOf } from './files.ts'
import { faultOfReceiver, foreignIn, missingFrom } from './invariants.ts'
import { load, makeLimitedKey, openServer, receiverEnvironment, send, UPDATE } from './receiving.ts'
import { firstFault, type Scene } from './scene.ts'

/** `loaded`: before the scene begins. `waiting`: in the inbox. `copied`: put there by a person, not sent. */
type Play = Readonly<{ waiting: readonly File[]; loaded?: readonly File[]; copied?: readonly File[] }>

const A = limitedFileOf('a.jsonl', 'store a')
const B = fileOf('b.jsonl', 'store b')
const C = fileOf('c.jsonl', 'store c')
const R = fileOf('r.jsonl', 'store r', 1)
const L1 = largeFileOf('l1.jsonl', 'store l1')
const L2 = largeFileOf('l2.jsonl', 'store l2')

const PACKED = { PROCESSED_FORM: 'packed' }

/** The scenes of the loader. */
export const LOADER_SCENES: readonly Scene[] = [
  loaderScene('1 file', { waiting: [A] }),
  loaderScene('3 files', { waiting: [A, B], copied: [C] }),
  loaderScene('a duplicate', { loaded: [A], waiting: [B], copied: [{ ...A, name: 'again.jsonl' }] }),
  loaderScene('a file with rejects', { waiting: [R] }),
  loaderScene('2 files that are packed', { waiting: [L1, L2] }),
  replayScene([L1, L2]),
]

function loaderScene(title: string, { waiting, loaded = [], copied = [] }: Play): Scene {
  const files = [...new Map([...waiting, ...loaded, ...copied].map((file) => [file.sha256, file])).values()]
  return {
    name: `loader, ${title}`,
    prepare: async ({ own }) => {
      await makeLimitedKey(own)
      await using server = await openServer(own, '--no-update-db')
      for (const file of loaded) await send(server.url, own, file)
      await load(own)
      for (const file of waiting) await send(server.url, own, file)
      for (const file of copied) {
        const path = join(own, 'product_inbox', file.name)
        await writeFile(path, file.text)
        await utimes(path, 1, 1)
      }
    },
    act: async (place, start) => {
      const { code, signal, stdout, stderr } = await start({
        args: UPDATE,
        environment: environmentOf(place.own),
      }).ended
      const whole = stdout.slice(0, stdout.lastIndexOf('\n') + 1)
      const told = recordsIn<{ type: string; name: string; state: string }>({ stdout: whole })
      const names = told.flatMap(({ type, name, state }) => (type === 'file' && state === 'loaded' ? [name] : []))
      const acknowledged = files.filter(({ name }) => names.includes(name)).map(({ sha256 }) => sha256)
      return { acknowledged, killed: signal === 'SIGKILL', code, printed: stdout + stderr }
    },
    faultAfterBlow: ({ own }, { acknowledged }) => {
      const [inbox, processed] = ['product_inbox', 'product_processed'].map((name) => join(own, name))
      return firstFault(
        () => foreignIn(files, inbox!, processed!),
        () => missingFrom(sumsOf(files), inbox!, processed!),
        () => missingFrom(acknowledged, processed!),
        () => faultOfLoads(own, acknowledged),
      )
    },
    recover: ({ own }) => load(own, PACKED),
    faultWhenQuiet: ({ own }) => faultOfReceiver(own, files),
  }
}

/** Packed files that an older version has loaded are loaded once more: `loads replay`. */
function replayScene(files: readonly File[]): Scene {
  const args = ['loads', 'replay', '--older', '--json']
  const foldersOf = (own: string) => ['product_inbox', 'product_processed'].map((name) => join(own, name))
  return {
    name: 'loader, 2 packed files that are loaded once more',
    prepare: async ({ own }) => {
      await makeLimitedKey(own)
      await using server = await openServer(own, '--no-update-db')
      for (const file of files) await send(server.url, own, file)
      await load(own, PACKED)
      using catalogue = new DatabaseSync(join(own, 'catalogue.db'))
      catalogue.exec('update load set reader_version = 0')
    },
    act: async ({ own }, start) => {
      const { code, signal, stdout, stderr } = await start({ args, environment: environmentOf(own) }).ended
      const acknowledged = code === 0 ? sumsOf(files) : []
      return { acknowledged, killed: signal === 'SIGKILL', code, printed: stdout + stderr }
    },
    faultAfterBlow: ({ own }, { acknowledged }) =>
      firstFault(
        () => foreignIn(files, ...foldersOf(own)),
        () => missingFrom(sumsOf(files), ...foldersOf(own)),
        () => faultOfLoads(own, acknowledged),
      ),
    recover: async ({ root, own }) => {
      const environment = { ...withoutSettings(), ...environmentOf(own) }
      const { code, stdout, stderr } = await startProgram([PROGRAM, ...args], root, environment).ended
      return code === 0 ? load(own, PACKED) : `loads replay ended with ${code}: ${stdout}${stderr}`
    },
    faultWhenQuiet: async ({ own }) => {
      using catalogue = new DatabaseSync(join(own, 'catalogue.db'))
      const older = catalogue.prepare('select count(*) as count from load where reader_version = 0').get()?.count
      return older === 0 ? faultOfReceiver(own, files) : `${older} loads are still of an older version`
    },
  }
}

function environmentOf(own: string) {
  return { ...receiverEnvironment(own), ...PACKED }
}

async function faultOfLoads(folder: string, told: readonly string[]): Promise<Fault> {
  using catalogue = openCatalogue(join(folder, 'catalogue.db'))
  for (const sha256 of told)
    if ((await catalogue.findLoad(sha256))?.state !== 'loaded')
      return `the load of ${sha256} was told and is not in the catalogue`
  return undefined
}

function sumsOf(files: readonly File[]): string[] {
  return files.map(({ sha256 }) => sha256)
}
