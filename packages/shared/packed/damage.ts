/** Errors for kept files whose bytes have changed. */
import { codeOf } from '../disk.ts'

/** The bytes of a kept file are not those that were sent. */
export class DamagedFile extends Error {}

/** A packed file or its base is damaged. `base`: the SHA-256 of the base if that is damaged or missing. */
export class DamagedPack extends Error {
  readonly base: string | undefined

  constructor(message: string, { base, ...options }: ErrorOptions & Readonly<{ base?: string }> = {}) {
    super(message, options)
    this.base = base
  }
}

/** Whether an error means that the bytes of a file are damaged: also those of gunzip; `decodeZstd` wraps its own. */
export function isDamage(error: unknown): boolean {
  return error instanceof DamagedFile || error instanceof DamagedPack || /^Z_/.test(codeOf(error))
}

const READ_CALLS = new Set<unknown>(['open', 'fstat', 'read'])

/** Whether an error means that a file is unreadable: damaged, or the disk fails to read it (EIO). */
export function isUnreadable(error: unknown): boolean {
  if (isDamage(error)) return true
  return codeOf(error) === 'EIO' && READ_CALLS.has((error as NodeJS.ErrnoException).syscall)
}
