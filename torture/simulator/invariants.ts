/** What must hold after every crash, and what must be when all is quiet (the promises of the design, section 3). */
import type { Client } from './client.ts'
import type { Known } from './contents.ts'
import { CLIENT, SERVER } from './places.ts'
import type { Server } from './server.ts'

/** Both sides, and what is known of what was sent. */
export type Scene = Readonly<{
  clients: readonly Client[]
  server: Server
  /** The SHA-256 of every upload whose acceptance the server has answered, and whom. */
  accepted: ReadonlyMap<string, ReadonlySet<string>>
  contents: ReadonlyMap<string, Known>
  bySha256: ReadonlyMap<string, Known>
}>

type Fault = string | undefined

/** After a crash, before anything runs again. */
export function faultNow(scene: Scene): Fault {
  return (
    first(scene.clients, (client) => faultOfClient(scene, client)) ??
    faultOfServer(scene) ??
    faultOfForgotten(scene) ??
    faultOfSenders(scene)
  )
}

/** When everything is quiet. */
export function faultAtTheEnd(scene: Scene): Fault {
  return first(scene.clients, (client) => faultOfQuietClient(scene, client)) ?? faultOfQuietServer(scene)
}

// Published means durable on the scraping machine; no name shows half a file; no file is archived without its receipt.
function faultOfClient({ contents }: Scene, { machine, published }: Client): Fault {
  const outbox = filesIn(machine.store.files(CLIENT.outbox), contents)
  const archive = filesIn(machine.store.files(CLIENT.archive), contents)
  if (outbox.torn ?? archive.torn) return `${machine.name} shows a torn ${outbox.torn ?? archive.torn}`
  const notes = machine.store.files(CLIENT.archive)
  for (const name of archive.files.keys())
    if (!notes.has(noteOf(name))) return `${machine.name} has archived ${name} without a receipt`
  const held = new Set([...outbox.files.values(), ...archive.files.values()])
  for (const sha256 of published)
    if (!held.has(sha256)) return `${machine.name} has lost ${sha256}, which was published`
  return undefined
}

// Accepted means durable on the receiving machine.
function faultOfServer({ server, accepted, contents }: Scene): Fault {
  const held = new Set(server.catalogue.loads.records.keys())
  for (const folder of [SERVER.inbox, SERVER.processed, SERVER.held, SERVER.failed]) {
    const { torn, files } = filesIn(server.machine.store.files(folder), contents)
    if (torn !== undefined) return `${folder} shows a torn ${torn}`
    for (const sha256 of files.values()) held.add(sha256)
  }
  for (const sha256 of accepted.keys()) if (!held.has(sha256)) return `the server has lost ${sha256}, which it accepted`
  return undefined
}

function faultOfForgotten({ server }: Scene): Fault {
  const [sha256] = server.ledger.forgotten
  return sha256 === undefined ? undefined : `the server has forgotten ${sha256}`
}

// Nobody copies anything by hand: every upload has its sender, and all who were told that they sent it.
function faultOfSenders({ server, accepted }: Scene): Fault {
  const { uploads, senders } = server.ledger
  for (const sha256 of uploads.records.keys()) {
    const known = senders.records.get(sha256) ?? []
    if (known.length === 0) return `${sha256} has no sender`
    for (const keyId of accepted.get(sha256) ?? [])
      if (!known.includes(keyId)) return `${sha256} was not sent by ${keyId}, who has the answer`
  }
  return undefined
}

// Everything published is archived, with a receipt that tells the end; nothing else is left.
function faultOfQuietClient({ bySha256 }: Scene, { machine, published }: Client): Fault {
  const { store } = machine
  // The mark of a part that was never handed over stays with it.
  const left = [...store.files(CLIENT.outbox).keys()].find((name) => !/^\.part\/|^\.spool\/\.whole-/.test(name))
  if (left !== undefined) return `${machine.name} has left ${left} in its outbox`
  const archive = store.files(CLIENT.archive)
  const receipts = new Map<string, { state: string; load: Record<string, number> }>()
  for (const [name, text] of archive) {
    if (name.endsWith('.part')) return `${machine.name} has left ${name} in its archive`
    if (!name.endsWith('.receipt.json')) continue
    const receipt = JSON.parse(text.toString())
    if (!archive.has(name.replace('.receipt.json', '.jsonl'))) return `${machine.name} has ${name} and no file for it`
    receipts.set(receipt.sha256, receipt)
    const rejects = archive.get(name.replace('.receipt.json', '.rejects.jsonl'))?.toString().split('\n').length ?? 1
    if (receipt.load.rejected !== rejects - 1)
      return `${name} counts ${receipt.load.rejected} rejects, not ${rejects - 1}`
  }
  for (const sha256 of published) {
    const fault = faultOfCounts(bySha256.get(sha256), receipts.get(sha256))
    if (fault !== undefined) return `the receipt of ${machine.name} for ${sha256} ${fault}`
  }
  return machine.running.some(({ openFiles }) => openFiles > 0) ? `${machine.name} has files open` : undefined
}

function faultOfCounts(known: Known | undefined, receipt: { state: string; load: Record<string, number> } | undefined) {
  if (known === undefined || receipt === undefined) return 'is missing'
  const { rows, inserted, rejected } = receipt.load
  if (receipt.state !== known.fate) return `says ${receipt.state} instead of ${known.fate}`
  const isRight = rows === known.lines && rejected === known.bad.length
  const isWhole = known.fate !== 'loaded' || rows === inserted! + rejected!
  return isRight && isWhole ? undefined : `counts ${JSON.stringify(receipt.load)}`
}

// Every accepted file is loaded, held or failed, once; its bytes are kept; nothing else is left.
function faultOfQuietServer({ clients, server, accepted, bySha256, contents }: Scene): Fault {
  const { store } = server.machine
  const left = [...store.files(SERVER.inbox).keys()]
  if (left.length > 0) return `the server has left ${left} in its inbox`
  const sent = new Set([...accepted.keys(), ...clients.flatMap(({ published }) => [...published])])
  const kept = keptBy(server, contents)
  if (kept === undefined) return 'the server has left a part behind'
  for (const sha256 of sent) {
    const { fate } = bySha256.get(sha256)!
    const state = server.catalogue.loads.records.get(sha256)?.state
    if (state !== fate) return `${sha256} is ${state} in the catalogue instead of ${fate}`
    if (server.ledger.uploads.records.get(sha256)?.state !== fate) return `${sha256} is not ${fate} in the ledger`
    const times = server.catalogue.applied.records.get(sha256) ?? 0
    if (times !== (fate === 'loaded' ? 1 : 0)) return `${sha256} was applied ${times} times`
    if (!kept[fate].has(sha256)) return `${sha256} is ${fate} and its file is not there`
  }
  for (const sha256 of server.catalogue.loads.records.keys())
    if (!bySha256.has(sha256)) return `${sha256} was never sent`
  return undefined
}

function keptBy({ machine: { store } }: Server, contents: Scene['contents']) {
  const folders = { loaded: SERVER.processed, held: SERVER.held, failed: SERVER.failed }
  const kept = { loaded: new Set<string>(), held: new Set<string>(), failed: new Set<string>() }
  for (const [fate, folder] of Object.entries(folders)) {
    const all = store.files(folder)
    if ([...all.keys()].some((name) => name.endsWith('.part'))) return undefined
    for (const sha256 of filesIn(all, contents).files.values()) kept[fate as keyof typeof kept].add(sha256)
  }
  return kept
}

/** The SHA-256 of every file that shows in a folder by its name, and the name of one that is not what anybody sent. */
function filesIn(all: ReadonlyMap<string, Buffer>, contents: Scene['contents']) {
  const files = new Map<string, string>()
  for (const [name, bytes] of all) {
    if (name.includes('/') || name.startsWith('.') || !/\.jsonl(\.gz)?$/.test(name) || name.endsWith('.rejects.jsonl'))
      continue
    const known = contents.get(bytes.toString('latin1'))
    if (known === undefined) return { torn: `${name} of ${bytes.length} bytes`, files }
    files.set(name, known.sha256)
  }
  return { torn: undefined, files }
}

function noteOf(name: string): string {
  return name.replace(/\.jsonl$/, '.receipt.json')
}

function first<T>(all: readonly T[], faultOf: (one: T) => Fault): Fault {
  for (const one of all) {
    const fault = faultOf(one)
    if (fault !== undefined) return fault
  }
  return undefined
}
