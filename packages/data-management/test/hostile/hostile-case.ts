/** What a hostile input is: bytes on a connection, the answer that is pinned for them, and what may be on the disk afterwards. */

/**
 * One connection's worth of bytes. `{key}` stands for a key with the scope `upload`.
 * `statuses` are those of all answers on the connection, in order; none: it is closed without a word.
 */
export type HostileCase = Readonly<{
  what: string
  bytes: string | Buffer
  statuses: readonly number[]
  /** The `code` of the last answer, when it is a problem. */
  code?: string
  /** The files that are in the inbox afterwards; none where not given. */
  kept?: readonly string[]
  /** The sender says nothing more after its bytes: it closes its side. */
  ends?: true
}>

type Fields = Readonly<Record<string, string>>

const GZIP_FIELDS: Fields = {
  'Content-Type': 'application/gzip',
  'Content-Disposition': 'attachment; filename="x.jsonl.gz"',
}

/** A request with the key, as a well-behaved client would write it, with some fields changed or (as '') left out. */
export function requestOf(line: string, fields: Fields, body: string | Buffer = ''): Buffer {
  const bytes = Buffer.from(body)
  const all: Fields = { Host: 'x', Connection: 'close', 'X-API-Key': '{key}', ...fields }
  const lines = Object.entries(all)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`${line} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), bytes])
}

/** An upload of a gzip body under the name x.jsonl.gz, with some fields changed. */
export function uploadOf(body: string | Buffer, fields: Fields = {}): Buffer {
  const length = String(Buffer.byteLength(body))
  return requestOf('POST /api/upload/', { ...GZIP_FIELDS, 'Content-Length': length, ...fields }, body)
}

/** An upload of a form with the boundary b. */
export function formOf(body: string | Buffer, fields: Fields = {}): Buffer {
  const length = String(Buffer.byteLength(body))
  const all = { 'Content-Type': 'multipart/form-data; boundary=b', 'Content-Length': length, ...fields }
  return requestOf('POST /api/upload/', all, body)
}
