/** Formats findings on a scrape for the terminal. */
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import { type Finding, isHolding } from '@splitcart/shared/truth/finding.ts'
import { repairSentence } from '@splitcart/shared/truth/repairs.ts'

/** Formats a finding: its sentence, then, indented, examples and the offered repair. Dates are in `zone`. */
export function findingLines(finding: Finding, zone: TimeZone): string[] {
  const { rule, sentence, examples, repair, believed } = finding
  const word =
    believed !== undefined
      ? `believed since ${zone.dateAt(Date.parse(believed.since))}`
      : isHolding(finding)
        ? 'HOLDS IT'
        : 'finding '
  const lines = [`${word}  ${rule}: ${sentence}`, ...examples.map((each) => `            ${each}`)]
  return repair === null ? lines : [...lines, `            What would make it right: ${repairSentence(repair)}.`]
}
