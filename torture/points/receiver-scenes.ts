/** Scenes in which the receiver is hit: `serve --no-update-db`, while a client sends. */
import { join } from 'node:path'
import { type File, fileOf, largeFileOf, limitedFileOf } from './files.ts'
import { faultOfReceiver, foreignIn, missingFrom } from './invariants.ts'
import { load, makeLimitedKey, openServer, receiverEnvironment, SERVE, send as sendOne, urlOf } from './receiving.ts'
import { firstFault, type Scene } from './scene.ts'
import { stopTraced } from './strace.ts'

const NO_LOADER = '--no-update-db'

/** `sent`: in this order, as what is new `against` another where one is named. `known`: the server has them already. */
type Play = Readonly<{ sent: readonly File[]; known?: readonly File[]; against?: File }>

const A = limitedFileOf('a.jsonl', 'store a')
const B = fileOf('b.jsonl', 'store b')
const C = limitedFileOf('c.jsonl', 'store c')
const R = fileOf('r.jsonl', 'store r', 1)
// The name of another file: its own name is taken.
const OTHER_A = limitedFileOf('a.jsonl', 'store d')
const L1 = largeFileOf('l1.jsonl', 'store l1')
const L2 = largeFileOf('l2.jsonl', 'store l2')

/** The scenes of the receiver. */
export const RECEIVER_SCENES: readonly Scene[] = [
  receiverScene('1 file', { sent: [A] }),
  receiverScene('3 files, two of one name', { sent: [A, B, OTHER_A] }),
  receiverScene('a duplicate', { sent: [C, { ...C, name: 'again.jsonl' }, A], known: [A] }),
  receiverScene('a file with rejects', { sent: [R] }),
  receiverScene('a file against what went before', { sent: [L2], known: [L1], against: L1 }),
]

function receiverScene(title: string, { sent, known = [], against }: Play): Scene {
  const files = [...new Map([...sent, ...known].map((file) => [file.sha256, file])).values()]
  const send = (url: string | undefined, folder: string) => sendAll({ url, folder, against }, sent)
  return {
    name: `receiver, ${title}`,
    prepare: async (place) => {
      await makeLimitedKey(place.own)
      await using server = await openServer(place.own, NO_LOADER)
      for (const file of known) await sendOne(server.url, place.own, file)
    },
    act: async (place, start) => {
      const server = start({ args: [...SERVE, NO_LOADER], environment: receiverEnvironment(place.own) })
      const acknowledged = await send(await urlOf(server), place.own)
      stopTraced(server)
      const { code, signal, stdout, stderr } = await server.ended
      return { acknowledged, killed: signal === 'SIGKILL', code, printed: stdout + stderr }
    },
    faultAfterBlow: ({ own }, { acknowledged }) => {
      const inbox = join(own, 'product_inbox')
      return firstFault(
        () => foreignIn(files, inbox),
        () => missingFrom(acknowledged, inbox),
      )
    },
    recover: async ({ own }) => {
      await using server = await openServer(own, NO_LOADER)
      const acknowledged = await send(server.url, own)
      const { code, stderr } = await server.stop()
      if (code !== 0) return `the server ended with ${code}: ${stderr}`
      if (acknowledged.length !== sent.length) return `${acknowledged.length} of ${sent.length} files taken: ${stderr}`
      return await load(own)
    },
    faultWhenQuiet: ({ own }) => faultOfReceiver(own, files),
  }
}

type Way = Readonly<{ url: string | undefined; folder: string; against: File | undefined }>

async function sendAll({ url, folder, against }: Way, files: readonly File[]): Promise<string[]> {
  const acknowledged: string[] = []
  if (url === undefined) return acknowledged
  for (const file of files) {
    const receipt = await sendOne(url, folder, file, against)
    if (receipt !== undefined) acknowledged.push(receipt.sha256)
  }
  return acknowledged
}
