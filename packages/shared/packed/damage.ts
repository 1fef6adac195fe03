/** What says that the bytes of a file that is kept are not what they were. */
import { codeOf } from '../disk.ts'

/** The bytes that are kept are not those that came. */
export class DamagedFile extends Error {}

/** The bytes of a packed file, or of its base, are not what they were. `base`: the SHA-256 of a base that is damaged or gone. */
export class DamagedPack extends Error {
  readonly base: string | undefined

  constructor(message: string, { base, ...options }: ErrorOptions & Readonly<{ base?: string }> = {}) {
    super(message, options)
    this.base = base
  }
}

/** Whether an error says that the bytes of a file are not what they were. */
export function isDamage(error: unknown): boolean {
  return error instanceof DamagedFile || error instanceof DamagedPack || /^Z_/.test(codeOf(error))
}

const READING = new Set<unknown>(['open', 'fstat', 'read'])

/** Whether the bytes of a file cannot be had: they are damaged, or the disk does not give them (EIO). */
export function isUnreadable(error: unknown): boolean {
  if (isDamage(error)) return true
  return codeOf(error) === 'EIO' && READING.has((error as NodeJS.ErrnoException).syscall)
}
