/** The text of a label, the hash by which it is looked up, and the digest that identifies it. */
import { hash } from 'node:crypto'
import type { RowProduct } from '@splitcart/shared/row.ts'

/**
 * The label of a row (all that it says about its listing apart from the terms) as a JSON array, equal for equal labels.
 * After the categories follows an object of the details, if there are any. `parseLabel` parses it.
 */
export function labelText(product: RowProduct): string {
  const { name, key, brand, barcode, size, url, pictureUrl, categoryPath, details } = product
  const texts = [name, key, brand, barcode, size, url, pictureUrl, ...categoryPath]
  return JSON.stringify(details === null ? texts : [...texts, details])
}

/** The unique digest of a label: the first 132 bits of the SHA-256 of its text, as base64url. */
export function digestOfLabel(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22)
}

/** The hash by which a label is looked up: 48 bits of the SHA-1 of its text. Not unique. */
export function hashOfLabel(text: string): number {
  return Buffer.from(hash('sha1', text, 'latin1'), 'latin1').readUIntBE(0, 6)
}
