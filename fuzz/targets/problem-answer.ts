/** What a piece of the program answers: what it returns, or the code of the Problem it throws. Anything else is a mistake. */
import { Problem } from '@splitcart/shared/problem.ts'

/** The text of what was returned, as JSON, or `!` and the code of the problem. */
export function answerOf(ask: () => unknown): string {
  try {
    return JSON.stringify(ask()) ?? 'undefined'
  } catch (error) {
    if (error instanceof Problem) return `!${error.code}`
    throw error
  }
}

/** The fault of an answer that is not the one there should be. */
export function unlessEqual(answer: string, expected: string): string | undefined {
  return answer === expected ? undefined : `it answers ${answer.slice(0, 500)}, the reference ${expected.slice(0, 500)}`
}
