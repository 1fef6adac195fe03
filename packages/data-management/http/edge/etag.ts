/** ETags of answers that change only when the catalogue does. */
import { createHash } from 'node:crypto'

/** A weak ETag, which is the same for every content encoding of an answer. `parts`: what the answer depends on. */
export function etagOf(...parts: readonly unknown[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts))
  return `W/"${hash.digest('base64url').slice(0, 22)}"`
}

/** Whether the header `If-None-Match` contains the ETag. */
export function isKnownEtag(field: string | undefined, etag: string): boolean {
  const bare = (tag: string) => tag.trim().replace(/^W\//, '')
  return field !== undefined && (field.trim() === '*' || field.split(',').some((tag) => bare(tag) === bare(etag)))
}
