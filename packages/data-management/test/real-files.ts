/** Some real scrapes, where they lie next to the project. They are no part of it: without them, what needs them is skipped. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { effort } from '../../../test/effort.ts'
import { catalogueDigest } from '../catalogue/digest.ts'
import { type OpenEmpty, openSqlite } from './catalogues.ts'
import { loadWhole } from './history-case.ts'
import type { HistoryFile } from './naive-rows.ts'

// Two stores that were scraped three times, and one of another company; all of them in `npm run test:long`.
const CHOSEN = effort(/-(g147|g700)-2025|^iga-/, /./)
const FOLDER = fileURLToPath(new URL('../../../../shared/data/', import.meta.url))

/** Why the real files cannot be used, or false. */
export const REAL_FILES_MISSING: string | false = existsSync(FOLDER) ? false : `there are no real files in ${FOLDER}`

/** A real file by its name. */
export type RealFile = HistoryFile & Readonly<{ name: string }>

/** The real files, in the order of their names; none where they are missing. */
export function realFiles(): RealFile[] {
  if (REAL_FILES_MISSING !== false) return []
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.jsonl.gz') && CHOSEN.test(name))
  return names.sort().map((name, index) => {
    const bytes = gunzipSync(readFileSync(FOLDER + name))
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    return { name, bytes, sha256, receivedAt: Date.UTC(2025, 8, 1) + index }
  })
}

/** The digest of the catalogue of these files loaded in this order. */
export async function digestOf(files: readonly RealFile[], open: OpenEmpty = openSqlite): Promise<string> {
  await using catalogue = await open()
  for (const file of files) await loadWhole(catalogue, file)
  return await catalogueDigest(catalogue.database)
}
