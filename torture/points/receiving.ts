/** The programs of a receiving machine, and a client that sends to it as any HTTP library would. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { compressionOptions, dczHead } from '@splitcart/shared/dictionary/dcz.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { type Ended, PROGRAM, type Started, startProgram, until, withoutSettings } from '../../test/machines.ts'
import type { Fault } from '../campaign.ts'
import { type File, ONLY_FOR } from './files.ts'

export const KEY = 'a-key-for-scenes-of-torture'
/** The name of the key that may write little. Its text lies beside the ledger, and is copied with that. */
export const LIMITED_KEY = 'a limited key'
const KEY_FILE = 'limited-key'
export const SERVE = ['serve', '--port', '0'] as const
export const UPDATE = ['update-db', '--products', '--json'] as const

const LISTEN_MS_MAX = 120_000

/** The settings of a receiving machine. One that goes on living packs nothing: when it would do so depends on time. */
export function receiverEnvironment(folder: string): Record<string, string> {
  const settings = { API_SECRET_KEY: KEY, DISK_BYTES_KEPT: '0', LOG_LEVEL: 'error', PROCESSED_FORM: 'plain' }
  return { DATA_MANAGEMENT_DATA_DIR: folder, ...settings }
}

/** A server that runs until it is disposed of. */
export type Server = AsyncDisposable & Readonly<{ url: string; stop: () => Promise<Ended> }>

/** Starts `serve` and waits until it listens. */
export async function openServer(folder: string, ...more: readonly string[]): Promise<Server> {
  const started = startHere([...SERVE, ...more], folder)
  const url = await urlOf(started)
  if (url === undefined) throw new Error(`The server ended: ${started.printed()}`)
  const stop = () => {
    started.child.kill('SIGTERM')
    return started.ended
  }
  return { url, stop, [Symbol.asyncDispose]: async () => void (await stop()) }
}

/** Loads what waits, with a program of its own, and packs what is loaded where that is wanted. */
export async function load(folder: string, more: Record<string, string> = {}): Promise<Fault> {
  const { code, stdout, stderr } = await startHere(UPDATE, folder, more).ended
  return code === 0 || code === 3 ? undefined : `update-db ended with ${code}: ${stdout}${stderr}`
}

/** Where a server listens, or undefined when it ended before it did. */
export async function urlOf(server: Started): Promise<string | undefined> {
  const address = () => /^Listening on (\S+)/m.exec(server.printed())?.[1]
  const hasEnded = () => server.child.exitCode !== null || server.child.signalCode !== null
  await until(() => address() !== undefined || hasEnded(), 'the server listens', LISTEN_MS_MAX)
  return address()
}

/** Makes the limited key of a receiving machine, before its server starts. */
export async function makeLimitedKey(folder: string): Promise<void> {
  await using ledger = openLedger(folder)
  const wanted = { name: LIMITED_KEY, scopes: ['upload'], onlyFor: ONLY_FOR, expiresAt: null } as const
  const { text } = await ledger.keys.create(wanted, Date.now())
  await writeFile(join(folder, KEY_FILE), text)
}

/** Sends a file to the receiving machine in a folder, as what is new against another where one is named; undefined when the server gave no receipt. */
export async function send(url: string, folder: string, file: File, against?: File): Promise<Receipt | undefined> {
  const headers = {
    'X-API-Key': file.onlyFor === null ? KEY : await readFile(join(folder, KEY_FILE), 'utf8'),
    'Content-Type': 'application/x-ndjson',
    'Content-Disposition': `attachment; filename="${file.name}"`,
    'Unencoded-Digest': `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`,
    // A kept connection would die with the server, and the next request with it.
    Connection: 'close',
    ...(against && { 'Content-Encoding': 'dcz' }),
  }
  const body = against === undefined ? file.text : packedAgainst(against, file)
  try {
    const answer = await fetch(new URL('/api/upload/', url), { method: 'POST', headers, body })
    return answer.ok ? ((await answer.json()) as Receipt) : undefined
  } catch {
    return undefined
  }
}

function packedAgainst({ sha256, text: before }: File, { text }: File): Buffer<ArrayBuffer> {
  const bytes = Buffer.from(text)
  return Buffer.concat([
    dczHead(sha256),
    zstdCompressSync(bytes, compressionOptions(Buffer.from(before), bytes.length)),
  ])
}

function startHere(args: readonly string[], folder: string, more: Record<string, string> = {}): Started {
  return startProgram([PROGRAM, ...args], folder, { ...withoutSettings(), ...receiverEnvironment(folder), ...more })
}
