/** Scenes in which the sender is hit: `upload-data` against a server that goes on living. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import {
  type Ended,
  PROGRAM,
  recordsIn,
  type Started,
  startProgram,
  until,
  withoutSettings,
} from '../../test/machines.ts'
import { type File, fileOf, largeFileOf } from './files.ts'
import { faultOfReceiver, foreignIn, leftIn, missingFrom } from './invariants.ts'
import { namesIn, type Place } from './place.ts'
import { KEY, load, openServer, type Server, send } from './receiving.ts'
import { firstFault, type Scene, type Told } from './scene.ts'

/** `here`: what lies in the outbox. `known`: what the server has been sent by somebody else. `earlier`: in the archive, and loaded. */
type Play = Readonly<{ here: readonly File[]; known?: readonly File[]; earlier?: readonly File[] }>

const A = fileOf('a.jsonl', 'store a')
const B = fileOf('b.jsonl', 'store b')
const C = fileOf('c.jsonl', 'store c')
const R = fileOf('r.jsonl', 'store r', 1)
const L1 = largeFileOf('l1.jsonl', 'store l1')
const L2 = largeFileOf('l2.jsonl', 'store l2')

/** An archive is packed. */
export const PACKED_ARCHIVE = packingScene([L1, L2])

/** The scenes of the sender. */
export const SENDER_SCENES: readonly Scene[] = [
  senderScene('1 file', { here: [A] }),
  senderScene('3 files', { here: [A, B, C] }),
  senderScene('a duplicate', { here: [A, { ...A, name: 'again.jsonl' }], known: [A] }),
  senderScene('a file with rejects', { here: [A], earlier: [R] }),
  PACKED_ARCHIVE,
  senderScene('a file against what went before', { here: [L2], earlier: [L1] }),
]

function senderScene(title: string, { here, known = [], earlier = [] }: Play): Scene {
  const files = [...here, ...earlier]
  const servers = new WeakMap<Place, Server>()
  return {
    name: `sender, ${title}`,
    prepare: async (place) => {
      const { outbox } = foldersOf(place)
      await mkdir(outbox, { recursive: true })
      await using server = await openServer(place.other, '--no-update-db')
      for (const file of known) await send(server.url, place.other, file)
      for (const file of earlier) await writeFile(join(outbox, file.name), file.text)
      await uploadTo(server, place).ended
      await load(place.other)
      for (const file of here) await writeFile(join(outbox, file.name), file.text)
    },
    act: async (place, start) => {
      const server = place.closing.use(await openServer(place.other))
      servers.set(place, server)
      const environment = environmentOf(server, place)
      return toldBy(await start({ args: ['upload-data', '--json', '--upload-tries-max', '1'], environment }).ended)
    },
    faultAfterBlow: (place, { acknowledged }) => {
      const { outbox, archive } = foldersOf(place)
      return firstFault(
        () => missingFrom(sumsOf(files), outbox, archive),
        () => missingFrom(acknowledged, archive),
        () => foreignIn(files, outbox, archive),
      )
    },
    recover: async (place) => {
      const { code, stdout, stderr } = await uploadTo(servers.get(place)!, place, '--wait').ended
      if (code !== 0 && code !== 3) return `upload-data ended with ${code}: ${stdout}${stderr}`
      await archiveOther(place)
      return undefined
    },
    faultWhenQuiet: (place) => faultOfBoth(place, files),
  }
}

/** The archive is packed: `archive pack`, which needs no server. */
function packingScene(files: readonly File[]): Scene {
  const args = ['archive', 'pack', '--json']
  const faultOfArchive = ({ own }: Place) => {
    const archive = join(own, 'temp_jsonl_product_storage')
    return firstFault(
      () => missingFrom(sumsOf(files), archive),
      () => foreignIn(files, archive),
    )
  }
  return {
    name: 'sender, an archive that is packed',
    prepare: async (place) => {
      const { outbox } = foldersOf(place)
      await mkdir(outbox, { recursive: true })
      await using server = await openServer(place.other, '--no-update-db')
      for (const file of files) await writeFile(join(outbox, file.name), file.text)
      await uploadTo(server, place).ended
      await load(place.other)
      await uploadTo(server, place).ended
    },
    act: async (place, start) => {
      const ended = await start({ args, environment: { SCRAPING_DATA_DIR: place.own } }).ended
      const records = recordsIn<{ name: string; state: string }>({ stdout: wholeLines(ended.stdout) })
      return {
        ...toldBy(ended),
        acknowledged: records.flatMap(({ name, state }) => (state === 'compacted' ? name : [])),
      }
    },
    faultAfterBlow: async (place, { acknowledged }) => {
      const names = await namesIn(foldersOf(place).archive)
      const whole = acknowledged.find((name) => names.includes(name))
      return whole === undefined ? faultOfArchive(place) : `${whole} was told to be packed, and is there as it came`
    },
    recover: async ({ root, own }) => {
      const environment = { ...withoutSettings(), SCRAPING_DATA_DIR: own }
      const { code, stderr } = await startProgram([PROGRAM, ...args], root, environment).ended
      return code === 0 ? undefined : `archive pack ended with ${code}: ${stderr}`
    },
    faultWhenQuiet: async (place) => {
      const { archive } = foldersOf(place)
      const plain = (await namesIn(archive)).filter((name) => name.endsWith('.jsonl'))
      if (plain.length > 0) return `left as it came: ${plain.join(', ')}`
      return (await faultOfArchive(place)) ?? faultOfNotes(archive, files)
    },
  }
}

/** A file is known to be loaded a moment before it is put away; the server, which lives on, may be in between. */
async function archiveOther({ other }: Place): Promise<void> {
  const inbox = join(other, 'product_inbox')
  // When it lies there for ever, what is looked at next says so.
  await until(async () => (await leftIn(inbox)) === undefined, 'the inbox was empty').catch(() => {})
}

function faultOfBoth(place: Place, files: readonly File[]) {
  const { outbox, archive } = foldersOf(place)
  const unique = [...new Map(files.map((file) => [file.sha256, file])).values()]
  return firstFault(
    () => leftIn(outbox, join(outbox, '.part'), join(outbox, '.spool'), join(place.own, 'product_refused')),
    () => missingFrom(sumsOf(files), archive),
    () => foreignIn(files, archive),
    () => faultOfNotes(archive, files),
    () => faultOfReceiver(place.other, unique),
  )
}

async function faultOfNotes(archive: string, files: readonly File[]) {
  const names = await namesIn(archive)
  const part = names.find((name) => name.endsWith('.part'))
  if (part !== undefined) return `left in the archive: ${part}`
  for (const { name, sha256, rejected } of files) {
    const stem = name.replace('.jsonl', '')
    const receipt = JSON.parse(await readFile(join(archive, `${stem}.receipt.json`), 'utf8')) as Receipt
    if (receipt.sha256 !== sha256 || receipt.state !== 'loaded')
      return `the receipt of ${name} says ${JSON.stringify(receipt)}`
    if (rejected === 0) continue
    const lines = (await readFile(join(archive, `${stem}.rejects.jsonl`), 'utf8')).trim().split('\n')
    if (lines.length !== rejected) return `${lines.length} of ${rejected} rejects of ${name} came home`
  }
  return undefined
}

function foldersOf({ own }: Place) {
  return { outbox: join(own, 'product_outbox'), archive: join(own, 'temp_jsonl_product_storage') }
}

function environmentOf({ url }: Server, { own }: Place) {
  // How often a file that rests is looked at depends on time: the calls would not be the same in each run.
  return { API_SERVER_URL: url, API_SECRET_KEY: KEY, SCRAPING_DATA_DIR: own, OUTBOX_REST_SECONDS: '0' }
}

function uploadTo(server: Server, place: Place, ...more: readonly string[]): Started {
  const environment = { ...withoutSettings(), ...environmentOf(server, place) }
  return startProgram([PROGRAM, 'upload-data', '--json', ...more], place.root, environment)
}

function sumsOf(files: readonly File[]): string[] {
  return files.map(({ sha256 }) => sha256)
}

function toldBy(ended: Ended): Told {
  const records = recordsIn<{ type: string; receipt?: Receipt }>({ stdout: wholeLines(ended.stdout) })
  return {
    acknowledged: records.flatMap(({ receipt }) => receipt?.sha256 ?? []),
    killed: ended.signal === 'SIGKILL',
    code: ended.code,
    printed: ended.stdout + ended.stderr,
  }
}

function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf('\n') + 1)
}
