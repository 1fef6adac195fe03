/** What can be fuzzed, by name. To be imported after the coverage was started, or nothing of it is seen. */
import type { Targets } from './target.ts'
import { dcz } from './targets/dcz.ts'
import { decoder } from './targets/decoder.ts'
import { headers } from './targets/headers.ts'
import { keys } from './targets/keys.ts'
import { lines } from './targets/lines.ts'
import { names } from './targets/names.ts'
import { row } from './targets/row.ts'
import { settings } from './targets/settings.ts'

export const TARGETS: Targets = { decoder, dcz, lines, row, keys, headers, settings, names }
