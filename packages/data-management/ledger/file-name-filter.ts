/** Finds uploads by a part of their file names, ignoring ASCII case. */
import { sql } from 'kysely'

/** The SQL condition that the file name of an upload contains a text. */
export function fileNameContains(text: string) {
  return sql<boolean>`instr(lower(filename), ${lowerCaseAscii(text)}) > 0`
}

/** Lower case as the databases make it: only of ASCII letters. */
function lowerCaseAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
