/** What the result codes of SQLite say of a database and of the disk that it lies on. */

// The primary codes SQLITE_CORRUPT and SQLITE_NOTADB. The low byte of an extended code is its primary code.
const DAMAGE_CODES = new Set([11, 26])
// Of SQLITE_IOERR those of a disk that does not give back what was written: SQLITE_IOERR_READ, _SHORT_READ, _DATA and
// _CORRUPTFS.
const READ_CODES = new Set([266, 522, 8202, 8458])

/** The extended result code of an error of SQLite; undefined for any other error. */
export function resultCodeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) : undefined
}

/** Whether what was read is no database, or a damaged one. */
export function isDamageCode(code: number): boolean {
  return DAMAGE_CODES.has(code & 0xff)
}

/** Whether the disk failed to read. */
export function isReadCode(code: number): boolean {
  return READ_CODES.has(code)
}
