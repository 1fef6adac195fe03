/** Requests of tus 1.0.0, one by one, for files of a test. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { until } from '../../../test/machines.ts'
import { type Receiver, rowsText, sha256Of } from './receiver.ts'

export const NAME = 'aldi-nerang-g120-2025-09-12.jsonl'
export const TEXT = rowsText(400)
export const BODY = new Uint8Array(gzipSync(TEXT))
export const ROOT = '/api/upload/resumable/'
export const METADATA = { filename: `${NAME}.gz`, encoding: 'gzip', sha256: sha256Of(TEXT) }

export type Told = { status: number; headers: Headers; body: Record<string, unknown> }
export type Asked = { method: string; path: string; headers?: Record<string, string>; body?: Uint8Array<ArrayBuffer> }

/** Where requests go, and with which key. */
export type Asker = Pick<Receiver, 'url' | 'key'>

export async function ask({ url, key }: Asker, asked: Asked): Promise<Told> {
  const { method, path, body } = asked
  const headers = { 'X-API-Key': key, 'Tus-Resumable': '1.0.0', ...asked.headers }
  const response = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body }) })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) }
}

export function metadataOf(entries: Record<string, string>): string {
  return Object.entries(entries)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join(',')
}

export function opening(metadata: Record<string, string> = METADATA, length = BODY.length): Asked {
  const headers = { 'Upload-Length': String(length), 'Upload-Metadata': metadataOf(metadata) }
  return { method: 'POST', path: ROOT, headers }
}

/** Opens an upload and returns the path of its address. */
export async function open(receiver: Asker, metadata?: Record<string, string>, length?: number): Promise<string> {
  const { status, headers, body } = await ask(receiver, opening(metadata, length))
  assert.equal(status, 201, JSON.stringify(body))
  return new URL(headers.get('location')!, receiver.url + ROOT).pathname
}

export function patch(path: string, offset: number, body: Uint8Array<ArrayBuffer>): Asked {
  const headers = { 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' }
  return { method: 'PATCH', path, headers, body }
}

export async function offsetOf(receiver: Asker, path: string): Promise<number> {
  const { status, headers } = await ask(receiver, { method: 'HEAD', path })
  assert.equal(status, 200)
  return Number(headers.get('upload-offset'))
}

export function keptNames(receiver: Receiver): Promise<string[]> {
  return readdir(receiver.folders.resumable, { recursive: true })
}

/** Sends the head of a PATCH and some bytes of its body, and leaves it there. */
export async function stalled(receiver: Receiver, path: string, bytes: number) {
  const socket = connect(receiver.port, '127.0.0.1').on('error', () => {})
  const head = [`PATCH ${path} HTTP/1.1`, 'Host: x', `X-API-Key: ${receiver.key}`, 'Tus-Resumable: 1.0.0']
  const rest = ['Upload-Offset: 0', 'Content-Type: application/offset+octet-stream', `Content-Length: ${BODY.length}`]
  socket.write(`${[...head, ...rest].join('\r\n')}\r\n\r\n`)
  socket.write(BODY.subarray(0, bytes))
  const file = join(
    receiver.folders.resumable,
    [...(await keptNames(receiver))].find((name) => /\/[0-9a-f-]{36}$/.test(name))!,
  )
  await until(async () => (await readFile(file)).length === bytes, 'the bytes are there')
  return socket
}
