/** A target with a mistake planted in it: a fuzzer that does not find it would not find one that nobody planted. */
import type { Target } from './target.ts'

/** The inputs of a corpus that do not show the mistake by themselves: it has to be found. */
export async function withoutSigns(target: Target, corpus: readonly Buffer[]): Promise<Buffer[]> {
  const kept: Buffer[] = []
  for (const input of corpus) {
    const answer = await target.answer(input)
    if (target.withMistake(input, answer) === answer) kept.push(input)
  }
  return kept
}

/** The same target, answering with its mistake; the slow reference is asked where it makes one. */
export function withMistake(target: Target): Target {
  const { slowFaultOf } = target
  let isMistaken = false
  const answer = async (input: Buffer) => {
    const right = await target.answer(input)
    const mistaken = target.withMistake(input, right)
    isMistaken = mistaken !== right
    return mistaken
  }
  const asked = async (input: Buffer, given: string) => (isMistaken ? slowFaultOf?.(input, given) : undefined)
  return { ...target, answer, ...(slowFaultOf === undefined ? {} : { slowFaultOf: asked, slowEvery: 1 }) }
}
