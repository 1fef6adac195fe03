/** Writes rejected rows as JSON. */
import { isUtf8 } from 'node:buffer'
import type { StoredReject } from '../../catalogue/rejects.ts'

/** The stored beginning of a rejected row: as text if it is UTF-8, otherwise in base64. */
export function rawView(raw: Uint8Array | null): { raw: string | null; raw_base64: string | null } {
  if (raw === null) return { raw: null, raw_base64: null }
  const bytes = Buffer.from(raw)
  return isUtf8(bytes)
    ? { raw: bytes.toString(), raw_base64: null }
    : { raw: null, raw_base64: bytes.toString('base64') }
}

/** A rejected row as a line of JSON. */
export function rejectLine({ line, code, field, reason, raw }: StoredReject): string {
  const { raw_base64, ...shown } = rawView(raw)
  return `${JSON.stringify({ line, code, field, reason, ...(raw_base64 === null ? shown : { raw_base64 }) })}\n`
}
