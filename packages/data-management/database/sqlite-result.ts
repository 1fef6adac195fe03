/** Classifies SQLite's result codes: a damaged database, or a disk that cannot read. */

// The primary codes SQLITE_CORRUPT and SQLITE_NOTADB. The low byte of an extended code is its primary code.
const DAMAGE_CODES = new Set([11, 26])
// Extended codes of failed reads: SQLITE_IOERR_READ, SQLITE_IOERR_SHORT_READ, SQLITE_IOERR_DATA and
// SQLITE_IOERR_CORRUPTFS.
const READ_CODES = new Set([266, 522, 8202, 8458])

/** The extended result code of an error of SQLite; undefined for any other error. */
export function resultCodeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) : undefined
}

/** Whether the file is a damaged database, or no database at all. */
export function isDamageCode(code: number): boolean {
  return DAMAGE_CODES.has(code & 0xff)
}

/** Whether the disk failed to read. */
export function isReadCode(code: number): boolean {
  return READ_CODES.has(code)
}
