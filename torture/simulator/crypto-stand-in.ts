/** Random bytes of which later ones are greater: names that are sorted then stand in the same order whenever a story is told again. */
export * from 'node:crypto'

let calls = 0

export function randomBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  bytes.writeUIntBE(++calls, length - 6, 6)
  return bytes
}
