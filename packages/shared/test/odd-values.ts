/** Values of fields that are absent or odd, for the tables of cases. */
import type { Row } from '../row.ts'
import type { Answer, Value } from './good-row.ts'

/** A field with these values, and the one answer to each. */
export type FieldCase = Readonly<{ field: string; values: readonly Value[]; answer: Answer }>

/** A text of so many characters, as it stands in a line. */
export function repeated(characters: number): Value {
  return { text: `"${text(characters)}"`, shown: `${characters} characters` }
}

/** The same text, read. */
export function text(characters: number): string {
  return 'x'.repeat(characters)
}

/** What is not there, or holds nothing. */
export const ABSENT: readonly Value[] = [undefined, 'null', '""', '"   "', '"\\u00a0"']
/** What is not a text. */
export const NO_TEXT: readonly Value[] = ['5', 'true', '[]', '{}', '["x"]']
/** Texts that no field may have. */
export const ODD_TEXT: readonly Value[] = ['"a\\u0000b"', '"a\\ud83d"', '"\\ude00b"']

/** A field with one value, and what it is read as. */
export function read(field: string, text: string, loads: Partial<Row>): FieldCase {
  return { field, values: [text], answer: { loads } }
}
