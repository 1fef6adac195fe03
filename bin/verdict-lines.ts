/** What is said of a scrape, for people. */
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import { sentenceOfRepair } from '@splitcart/shared/truth/repairs.ts'
import { isHolding, type Verdict } from '@splitcart/shared/truth/verdict.ts'

/** The lines that tell a verdict. */
export function linesOf(verdict: Verdict, zone: TimeZone): string[] {
  const { rule, sentence, examples, repair, believed } = verdict
  const word =
    believed !== undefined
      ? `believed since ${zone.dateAt(Date.parse(believed.since))}`
      : isHolding(verdict)
        ? 'HOLDS IT'
        : 'finding '
  const lines = [`${word}  ${rule}: ${sentence}`, ...examples.map((each) => `            ${each}`)]
  return repair === null ? lines : [...lines, `            What would make it right: ${sentenceOfRepair(repair)}.`]
}
