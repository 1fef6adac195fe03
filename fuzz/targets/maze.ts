/** A fault behind four decisions, each of which has to be right before the next is reached: nobody finds it by guessing. */
import type { Target } from '../target.ts'

function depthOf(text: string): number {
  if (text[0] !== 'm') return 0
  if (text[1] !== 'i') return 1
  if (text[2] !== 'l') return 2
  if (text[3] !== 'k') return 3
  return 4
}

export function maze(): Target {
  return {
    about: 'a fault behind four decisions',
    bytesMax: 32,
    words: [],
    answer: (input) => String(depthOf(input.toString('latin1'))),
    faultOf: (_input, answer) => (answer === '4' ? 'the end of the maze' : undefined),
    kindOf: () => '',
    withMistake: (_input, answer) => answer,
    msMax: 1000,
  }
}
