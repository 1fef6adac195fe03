/** Uploads by a part of their names, whether its letters are small or not. */
import { sql } from 'kysely'

/** Whether the name of an upload has a text in it. */
export function isNamed(text: string) {
  return sql<boolean>`instr(lower(filename), ${inSmallLetters(text)}) > 0`
}

/** As the databases do it: only the letters of ASCII have small ones. */
function inSmallLetters(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
