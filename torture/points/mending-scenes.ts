/** Scenes in which one machine gives the other a packed file once more that this one's disk has damaged. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Ended, PROGRAM, startProgram, withoutSettings } from '../../test/machines.ts'
import type { Fault } from '../campaign.ts'
import { largeFileOf } from './files.ts'
import { foreignIn, leftIn, missingFrom } from './invariants.ts'
import { namesIn, type Place } from './place.ts'
import { KEY, openServer, receiverEnvironment } from './receiving.ts'
import { firstFault, type Scene } from './scene.ts'
import { PACKED_ARCHIVE } from './sender-scenes.ts'

const FILES = [largeFileOf('l1.jsonl', 'store l1'), largeFileOf('l2.jsonl', 'store l2')]
const SUMS = FILES.map(({ sha256 }) => sha256)
const VERIFY = ['archive', 'verify', '--obtain', '--json']

/** The scenes of mending. */
export const MENDING_SCENES: readonly Scene[] = [
  mendingScene({
    title: 'a packed file that the server gives back',
    args: VERIFY,
    damaged: ({ own }) => join(own, 'temp_jsonl_product_storage', 'l2.jsonl.dcz'),
  }),
  mendingScene({
    title: 'a packed file that the server asks for',
    args: ['upload-data', '--json', '--upload-tries-max', '1'],
    damaged: ({ other }) => join(other, 'product_processed', 'l2.jsonl'),
    onlyGives: true,
    askFor: async (place) => {
      const { code, stdout, stderr } = await run(place, [...VERIFY, '--server'], receiverEnvironment(place.other))
      if (code !== 3) throw new Error(`archive verify ended with ${code}: ${stdout}${stderr}`)
    },
  }),
]

type Play = Readonly<{
  title: string
  args: readonly string[]
  /** The file that is damaged before the scene begins. */
  damaged: (place: Place) => string
  onlyGives?: boolean
  /** Has the server ask for it. */
  askFor?: (place: Place) => Promise<void>
}>

function mendingScene({ title, args, damaged, onlyGives = false, askFor }: Play): Scene {
  const urls = new WeakMap<Place, string>()
  const environmentOf = (place: Place) => ({
    ...{ API_SERVER_URL: urls.get(place)!, API_SECRET_KEY: KEY },
    ...{ SCRAPING_DATA_DIR: place.own, OUTBOX_REST_SECONDS: '0' },
  })
  return {
    name: `sender, ${title}`,
    onlyGives,
    prepare: async (place) => {
      await PACKED_ARCHIVE.prepare(place)
      const packed = await PACKED_ARCHIVE.recover(place)
      if (packed !== undefined) throw new Error(packed)
      const path = damaged(place)
      const bytes = await readFile(path)
      bytes[bytes.length >> 1]! ^= 1
      await writeFile(path, bytes)
      await askFor?.(place)
    },
    act: async (place, start) => {
      urls.set(place, place.closing.use(await openServer(place.other)).url)
      const { code, signal, stdout, stderr } = await start({ args, environment: environmentOf(place) }).ended
      return { acknowledged: [], killed: signal === 'SIGKILL', code, printed: stdout + stderr }
    },
    // What is not damaged is on both sides whatever happens, and what is damaged is on one; once it was said to be mended, on both.
    faultAfterBlow: (place, { code }) => {
      const { own, other } = place
      const [archive, processed] = [join(own, 'temp_jsonl_product_storage'), join(other, 'product_processed')]
      return firstFault(
        () => missingFrom([SUMS[0]!], archive),
        () => missingFrom([SUMS[0]!], processed),
        () => missingFrom(SUMS, archive, processed),
        async () => (isMended(code) ? await missingFrom(SUMS, dirname(damaged(place))) : undefined),
      )
    },
    recover: async (place) => {
      const { code, stdout, stderr } = await run(place, args, environmentOf(place))
      if (!isMended(code)) return `${args[0]} ended with ${code}: ${stdout}${stderr}`
      // Packing moves aside what lies damaged under the name of what it packs.
      return PACKED_ARCHIVE.recover(place)
    },
    faultWhenQuiet: faultWhenMended,
  }
}

/** Three: something was damaged, and is not any more. */
function isMended(code: number | null): boolean {
  return code === 0 || code === 3
}

async function faultWhenMended({ own, other }: Place): Promise<Fault> {
  const [archive, processed] = [join(own, 'temp_jsonl_product_storage'), join(other, 'product_processed')]
  // A person looks at what was set aside, and takes it away.
  for (const folder of [archive, processed])
    for (const name of await readdir(folder)) if (/\.damaged(-\d+)?$/.test(name)) await rm(join(folder, name))
  return firstFault(
    () => missingFrom(SUMS, archive),
    () => missingFrom(SUMS, processed),
    () => foreignIn(FILES, archive, processed),
    () => leftIn(join(own, 'product_outbox'), join(own, 'product_outbox', '.spool'), join(other, 'product_inbox')),
    () => partsIn(archive, processed),
  )
}

async function partsIn(...folders: readonly string[]): Promise<Fault> {
  for (const folder of folders) {
    const part = (await namesIn(folder)).find((name) => name.endsWith('.part'))
    if (part !== undefined) return `left in ${folder}: ${part}`
  }
  return undefined
}

function run({ root }: Place, args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Ended> {
  return startProgram([PROGRAM, ...args], root, { ...withoutSettings(), ...environment }).ended
}
