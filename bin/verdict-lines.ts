/** Formats verdicts on a scrape for the terminal. */
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import { sentenceOfRepair } from '@splitcart/shared/truth/repairs.ts'
import { isHolding, type Verdict } from '@splitcart/shared/truth/verdict.ts'

/** Formats a verdict: its sentence, then examples and the repair that is offered, indented. Dates are in `zone`. */
export function verdictLines(verdict: Verdict, zone: TimeZone): string[] {
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
