/** What is said of a scrape, for people. */
import { sentenceOfRepair } from '@splitcart/shared/truth/repairs.ts'
import { isHolding, type Verdict } from '@splitcart/shared/truth/verdict.ts'

/** The lines that tell a verdict. */
export function linesOf(verdict: Verdict): string[] {
  const { rule, sentence, examples, repair, believed } = verdict
  const word =
    believed !== undefined
      ? `believed since ${believed.since.slice(0, 10)}`
      : isHolding(verdict)
        ? 'HOLDS IT'
        : 'finding '
  const lines = [`${word}  ${rule}: ${sentence}`, ...examples.map((each) => `            ${each}`)]
  return repair === null ? lines : [...lines, `            What would make it right: ${sentenceOfRepair(repair)}.`]
}
