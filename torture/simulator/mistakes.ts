/**
 * Mistakes that people make when they hand files over, planted from outside: by a disk that leaves something out, or a function
 * that does things in another order. The simulator is worth something only as long as it notices each of them.
 */
import { basename, dirname, join } from 'node:path'
import type { Ledger } from '@splitcart/data-management/ledger/ledger.ts'
import { readPartName } from '@splitcart/scraping/part-name.ts'
import type { UploadClient } from '@splitcart/scraping/upload-client.ts'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import { move } from '@splitcart/shared/durable-file.ts'
import { applyRows, type Commit, recordLoad } from './databases.ts'
import { creates } from './memory-disk.ts'
import type { Mistake } from './mistake.ts'
import { CLIENT, SERVER } from './places.ts'
import type { Process } from './world.ts'

export const MISTAKES: Readonly<Record<string, Mistake>> = {
  'writer in place': { client: (disk) => inPlace(disk, CLIENT.part, nameOfPart) },
  'writer without fsync': { client: (disk) => unsynced(disk, (path) => dirname(path) === CLIENT.part) },
  'writer without fsync of the outbox': { client: (disk) => unsynced(disk, (path) => path === CLIENT.outbox) },
  'folders without fsync of those above': { client: (disk) => unsynced(disk, (path) => path === '/') },
  'server in place': {
    server: (disk, { filename }) => inPlace(disk, SERVER.parts, () => join(SERVER.inbox, filename)),
  },
  'server without fsync': { server: (disk) => unsynced(disk, (path) => dirname(path) === SERVER.parts) },
  'server without fsync of the inbox': { server: (disk) => unsynced(disk, (path) => path === SERVER.inbox) },
  // The start of a server happens to make the names in the inbox durable too, with the folder of the parts.
  'duplicate answered without fsync of the inbox': {
    start: (disk) => unsynced(disk, (path) => path === SERVER.inbox),
    server: unsyncedUnlessLinked,
  },
  'fsync of the inbox shared with one that had begun before': { server: joiningSyncs },
  'answer before the file is in the inbox': { server: (disk) => linkingLater(disk) },
  'one part for all uploads': { server: (disk) => sharingOnePart(disk) },
  'rename instead of link': { server: (disk) => overwriting(disk) },
  'name before its sender is on record': {
    receiver: (ledger) => withArrivals(ledger, { recordArriving: async () => {} }),
  },
  'what was arriving is forgotten at the start': { receiver: forgetting },
  'parts kept at the start': { keepsParts: true },
  'archive before the answer': { upload: archiveFirst },
  'delete instead of archive': { client: (disk) => withoutLinksTo(disk, CLIENT.archive) },
  'archive without fsync': { client: (disk) => unsynced(disk, (path) => path === CLIENT.archive) },
  'receipt after the file': { client: (disk) => receiptLast(disk) },
  'rows and record in two transactions': { commit: (process) => inTwo(process, applyRows, recordLoad) },
  'record before its rows': { commit: (process) => inTwo(process, recordLoad, applyRows) },
  'load without looking for its record': {
    catalogue: (catalogue) => ({ ...catalogue, findLoad: () => undefined }) as never,
  },
  'move before the commit': { loader: (disk) => movingFirst(disk) },
  'delete instead of processed': { loader: (disk) => withoutLinksTo(disk, SERVER.processed) },
  'processed without fsync of its folder': { loader: (disk) => unsynced(disk, (path) => path === SERVER.processed) },
  'processed without fsync of the file': { loader: (disk) => unsynced(disk, (path) => path.endsWith('.gz.part')) },
  'commit of the catalogue not durable': {
    databases: ({ catalogue: { loads, applied } }) => {
      for (const table of [loads, applied]) table.isDurable = false
    },
  },
  'commit of the ledger not durable': {
    databases: ({ ledger }) => {
      ledger.uploads.isDurable = false
    },
  },
}

function unsynced(disk: Disk, isMeant: (path: string) => boolean): Disk {
  return withOpen(disk, async (path, flags) => {
    const file = await disk.open(path, flags)
    if (isMeant(path)) file.sync = async () => {}
    return file
  })
}

const syncing = new WeakMap<Disk, Promise<void>>()

/** Who wants the inbox synced while that is being done takes it as done for him, too. */
function joiningSyncs(disk: Disk): Disk {
  return withOpen(disk, async (path, flags) => {
    const file = await disk.open(path, flags)
    if (path !== SERVER.inbox) return file
    const sync = file.sync.bind(file)
    file.sync = () => {
      const running = syncing.get(disk) ?? sync().finally(() => syncing.delete(disk))
      syncing.set(disk, running)
      return running
    }
    return file
  })
}

// The folder was synced when the name was linked, or so they think.
function unsyncedUnlessLinked(disk: Disk): Disk {
  let isLinked = false
  const link: Disk['link'] = async (from, to) => {
    await disk.link(from, to)
    isLinked = true
  }
  return { ...unsynced(disk, (path) => path === SERVER.inbox && !isLinked), link }
}

/** Parts are written under their last name at once. */
function inPlace(disk: Disk, parts: string, nameOf: (part: string) => string): Disk {
  const written = new Set<string>()
  const open: Open = async (path, flags) => {
    if (dirname(path) !== parts || !creates(flags)) return disk.open(path, flags)
    const file = await disk.open(nameOf(path), flags).catch(() => undefined)
    if (file !== undefined) written.add(path)
    return file ?? disk.open(path, flags)
  }
  const link: Disk['link'] = async (from, to) => {
    if (!written.has(String(from))) await disk.link(from, to)
  }
  const unlink: Disk['unlink'] = async (path) => {
    if (!written.has(String(path))) await disk.unlink(path)
  }
  return { ...withOpen(disk, open), link, unlink }
}

function nameOfPart(part: string): string {
  return join(CLIENT.outbox, readPartName(basename(part)).fileName ?? 'unnamed.jsonl')
}

function sharingOnePart(disk: Disk): Disk {
  const one = join(SERVER.parts, 'part')
  const shared = (path: unknown) => (dirname(String(path)) === SERVER.parts ? one : String(path))
  const open: Open = async (path, flags) => {
    try {
      return await disk.open(shared(path), flags)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      return disk.open(one, 'a')
    }
  }
  const [link, unlink]: [Disk['link'], Disk['unlink']] = [
    (from, to) => disk.link(shared(from), to),
    (path) => disk.unlink(shared(path)),
  ]
  return { ...withOpen(disk, open), link, unlink, lstat: ((path: string) => disk.lstat(shared(path))) as never }
}

function overwriting(disk: Disk): Disk {
  const link: Disk['link'] = async (from, to) => {
    await disk.unlink(to).catch(() => {})
    await disk.link(from, to)
  }
  return { ...disk, link }
}

function withoutLinksTo(disk: Disk, folder: string): Disk {
  const link: Disk['link'] = async (from, to) => {
    if (dirname(String(to)) !== folder) await disk.link(from, to)
  }
  return { ...disk, link }
}

/** From the link on nothing is waited for: the answer is on its way while the file still gets its name. */
function linkingLater(disk: Disk): Disk {
  let later: Promise<unknown> | undefined
  const behind = <T>(call: () => Promise<T>): Promise<T> => {
    if (later === undefined) return call()
    later = later.then(call).catch(() => {})
    return Promise.resolve() as Promise<T>
  }
  const link: Disk['link'] = (from, to) => {
    later ??= Promise.resolve()
    return behind(() => disk.link(from, to))
  }
  const open: Open = async (path, flags) => {
    if (later === undefined) return disk.open(path, flags)
    const sync = () => behind(() => disk.open(path, flags).then((file) => file.sync().finally(() => file.close())))
    return { sync, close: async () => {} } as unknown as Awaited<ReturnType<Open>>
  }
  return { ...withOpen(disk, open), link, unlink: (path) => behind(() => disk.unlink(path)) }
}

function archiveFirst(client: UploadClient, disk: Disk): UploadClient {
  const send: UploadClient['send'] = async (spooled, onSent) => {
    await move(disk, join(CLIENT.outbox, spooled.name), CLIENT.archive, [spooled.name])
    return client.send(spooled, onSent)
  }
  return { ...client, send }
}

/** The receipt gets its name only when its file has left the outbox. */
function receiptLast(disk: Disk): Disk {
  const late: [string, string][] = []
  const rename: Disk['rename'] = async (from, to) => {
    if (String(to).startsWith(CLIENT.archive) && !late.some(([, other]) => other === to))
      late.push([String(from), String(to)])
    else await disk.rename(from, to)
  }
  const unlink: Disk['unlink'] = async (path) => {
    await disk.unlink(path)
    if (dirname(String(path)) !== CLIENT.outbox) return
    for (const [from, to] of late.splice(0)) await disk.rename(from, to)
  }
  return { ...disk, rename, unlink }
}

/** Whatever was arriving when the server died is given up, whether it has its name or not. */
function forgetting(ledger: Ledger): Ledger {
  const { arrivals } = ledger
  const list: typeof arrivals.list = async () => {
    for (const { id } of await arrivals.list()) await arrivals.removeArriving(id)
    return []
  }
  return withArrivals(ledger, { list })
}

function withArrivals(ledger: Ledger, calls: Partial<Ledger['arrivals']>): Ledger {
  return { ...ledger, arrivals: { ...ledger.arrivals, ...calls } } as unknown as Ledger
}

type Half = (...given: Parameters<typeof recordLoad>) => void

function inTwo(process: Process, first: Half, second: Half): Commit {
  return (tables, { record, isApplied }) => {
    const isHalf = (half: Half) => half === recordLoad || isApplied
    if (isHalf(first)) first(tables, record)
    process.mayDieHere()
    if (isHalf(second)) second(tables, record)
  }
}

/** The file leaves the inbox when its load begins. */
function movingFirst(disk: Disk): Disk {
  const moved = new Map<string, string>()
  const open: Open = async (path, flags) => {
    const file = await disk.open(moved.get(path) ?? path, flags)
    if (dirname(path) !== SERVER.inbox || moved.has(path) || path === SERVER.parts) return file
    const name = `${basename(path)}.gz`
    await move(disk, path, SERVER.processed, [name])
    moved.set(path, join(SERVER.processed, name))
    return file
  }
  return withOpen(disk, open)
}

type Open = (path: string, flags: string | number) => ReturnType<Disk['open']>

function withOpen(disk: Disk, open: Open): Disk {
  return { ...disk, open: ((path: string, flags: string | number) => open(path, flags)) as Disk['open'] }
}
