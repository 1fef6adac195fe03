/** What is said of a scrape, for people. */
import { sentenceOfRepair } from '@splitcart/shared/truth/repairs.ts'
import type { Verdict } from '@splitcart/shared/truth/verdict.ts'

/** The lines that tell a verdict. */
export function linesOf({ rule, held, sentence, examples, repair }: Verdict): string[] {
  const lines = [
    `${held ? 'HOLDS IT' : 'finding '}  ${rule}: ${sentence}`,
    ...examples.map((each) => `            ${each}`),
  ]
  return repair === null ? lines : [...lines, `            What would make it right: ${sentenceOfRepair(repair)}.`]
}
