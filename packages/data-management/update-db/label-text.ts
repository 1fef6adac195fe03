/** The text of a label, and the numbers by which it is found and told apart from others. */
import { hash } from 'node:crypto'
import type { RowProduct } from '@splitcart/shared/row.ts'

/**
 * What a row says about its listing apart from the price, as a JSON array: equal for equal labels. Behind the categories stands an object
 * of the details, where there are any.
 */
export function labelText(product: RowProduct): string {
  const { name, key, brand, barcode, size, url, pictureUrl, categoryPath, details } = product
  const texts = [name, key, brand, barcode, size, url, pictureUrl, ...categoryPath]
  return JSON.stringify(details === null ? texts : [...texts, details])
}

/** What labels are told apart by: 132 bits of the SHA-256 of their texts. */
export function digestOfLabel(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22)
}

/** The number that a label is looked for by: 48 bits of the SHA-1 of its text. Texts that differ may share one. */
export function hashOfLabel(text: string): number {
  return Buffer.from(hash('sha1', text, 'latin1'), 'latin1').readUIntBE(0, 6)
}
