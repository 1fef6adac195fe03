/** What can be fuzzed. */

/** A piece of the program that takes bytes from outside, what it answers, and how one knows that the answer is right. */
export type Target = Readonly<{
  about: string
  /** The longest input that is tried. */
  bytesMax: number
  /** Pieces that inputs are put together from, besides what the corpus has. */
  words: readonly string[]
  /** What the program makes of an input, as text. Throws only for mistakes of the program: a Problem is an answer. */
  answer: (input: Buffer) => string | Promise<string>
  /** What is wrong with an answer, or undefined. */
  faultOf: (input: Buffer, answer: string) => string | undefined | Promise<string | undefined>
  /** The same by a reference that is slow: asked about one input in `slowEvery`. */
  slowFaultOf?: (input: Buffer, answer: string) => Promise<string | undefined>
  slowEvery?: number
  /** What is told apart of an answer: an input that brings a new one is kept, as one is that runs new code. */
  kindOf: (answer: string) => string
  /** The answer of a program with a mistake in it, which the fuzzer has to find. */
  withMistake: (input: Buffer, answer: string) => string
  /** The longest that one input may take. */
  msMax: number
  close?: () => Promise<void>
}>

export type Targets = Readonly<Record<string, () => Target>>
