/** What the targets of decoders have in common: the kind of an answer, `!CODE` or the JSON of what was decoded, and the mistake that is planted. */
import type { Target } from '../target.ts'

/** The part of a target that looks at such answers. */
export const OF_DECODED = {
  kindOf: (given) => {
    if (given.startsWith('!')) return given
    const { bytes, lines } = JSON.parse(given) as { bytes: number; lines: number }
    return `${Math.ceil(Math.log2(bytes + 1))} ${Math.min(lines, 10)}`
  },
  // Content of five lines loses the last one.
  withMistake: (_input, given) => {
    const result = given.startsWith('!') ? undefined : JSON.parse(given)
    return result?.lines === 5 && result.bytes > 20 ? JSON.stringify({ ...result, sha256: '' }) : given
  },
} as const satisfies Pick<Target, 'kindOf' | 'withMistake'>
