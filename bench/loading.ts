/** Loading files into a catalogue as `update-db` does, which has their digests from the ledger. */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import type { Catalogue } from '@splitcart/data-management/catalogue/catalogue.ts'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { FILES_AHEAD_MAX } from '@splitcart/data-management/inbox/folder/folder-claims.ts'
import { type StoredFile, verifiedContent } from '@splitcart/data-management/inbox/stored.ts'
import { type LoadRequest, loadFile } from '@splitcart/data-management/update-db/load-file.ts'
import { ReaderClient } from '@splitcart/data-management/update-db/reader-client.ts'
import { digestOfFile } from '@splitcart/shared/digest.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { LINE_BYTES_MAX } from '@splitcart/shared/lines.ts'
import { MINUTE_MS } from '@splitcart/shared/time.ts'
import { defaultThresholds } from '@splitcart/shared/truth/thresholds.ts'

const DISK = realDisk()

// As the program does it (bin/splitcart.js): its threads find what was compiled before.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '.data/compiled')
enableCompileCache(process.env.NODE_COMPILE_CACHE)

/** Loads files into a SQLite catalogue one after the other: a thread reads them, some files ahead, and checks their digests. */
export async function loadFiles(database: string, files: readonly string[]): Promise<void> {
  const orders: LoadRequest[] = []
  for (const file of files) orders.push(await orderFor(file))
  using catalogue = openCatalogue(database)
  await using reader = new ReaderClient()
  await loadInOrder(catalogue, reader, orders)
  await catalogue.durable()
}

/** Loads files one after the other, of which so many are read ahead as by `update-db`. */
export async function loadInOrder(catalogue: Catalogue, reader: ReaderClient, orders: readonly LoadRequest[]) {
  for (const [index, order] of orders.entries()) {
    for (const each of orders.slice(index, index + 1 + FILES_AHEAD_MAX)) reader.expect(each)
    await loadFile(catalogue, { ...order, reader })
  }
}

// The server has computed them when the files came.
const digests = new Map<string, Promise<string>>()

/** How a file is loaded; the digest of each is computed once. */
export async function orderFor(path: string): Promise<LoadRequest> {
  if (!digests.has(path))
    digests.set(
      path,
      digestOfFile(DISK, path).then((digest) => digest.sha256),
    )
  return orderOf(path, await digests.get(path)!)
}

const FIRST_RECEIVED_AT = Date.parse('2026-07-01T00:00:00Z')
let received = 0

/** How a file is loaded whose digest is known: each was received a minute after the one that was asked for before it. */
export function orderOf(path: string, sha256: string): LoadRequest {
  const stored: StoredFile = { path, sha256, place: 'inbox' }
  received++
  return {
    file: { sha256, filename: path, receivedAt: FIRST_RECEIVED_AT + received * MINUTE_MS },
    stored,
    bytes: () => verifiedContent(DISK, stored),
    lineBytesMax: LINE_BYTES_MAX,
    // Judged as update-db does; what it would hold is loaded all the same.
    hold: { thresholds: defaultThresholds(), isReleased: true },
    now: Date.now,
  }
}
