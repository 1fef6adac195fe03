/** The name of an answer that stays what it is while the catalogue does. */
import { createHash } from 'node:crypto'

/** Weak: the same content, whatever it is compressed with. */
export function etagOf(...parts: readonly unknown[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts))
  return `W/"${hash.digest('base64url').slice(0, 22)}"`
}

/** Whether a field `If-None-Match` names it. */
export function isKnownEtag(field: string | undefined, etag: string): boolean {
  const bare = (tag: string) => tag.trim().replace(/^W\//, '')
  return field !== undefined && (field.trim() === '*' || field.split(',').some((tag) => bare(tag) === bare(etag)))
}
