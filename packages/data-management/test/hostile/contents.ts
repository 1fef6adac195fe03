/** What hostile requests carry. */
import { gzipSync } from 'node:zlib'
import { rowsText } from '../receiver.ts'

export const ROWS = rowsText(3)
export const GZIP = gzipSync(ROWS)
