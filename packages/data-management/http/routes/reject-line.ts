/** A rejected row as a line of JSON. */
import { isUtf8 } from 'node:buffer'
import type { StoredReject } from '../../catalogue/rejects.ts'

/** The beginning of a rejected row: as text if it is UTF-8, else in base64. */
export function rawOf(raw: Uint8Array | null): { raw: string | null; raw_base64: string | null } {
  if (raw === null) return { raw: null, raw_base64: null }
  const bytes = Buffer.from(raw)
  const text = textOf(bytes)
  return text === undefined ? { raw: null, raw_base64: bytes.toString('base64') } : { raw: text, raw_base64: null }
}

/** One reject of a file. */
export function rejectLine({ line, code, field, reason, raw }: StoredReject): string {
  const { raw_base64, ...shown } = rawOf(raw)
  return `${JSON.stringify({ line, code, field, reason, ...(raw_base64 === null ? shown : { raw_base64 }) })}\n`
}

function textOf(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString() : undefined
}
