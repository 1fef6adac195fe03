/** File names: what is taken stays inside its folder on every system, and what is made of a name is a name again. */
import { posix, win32 } from 'node:path'
import { candidateNames, faultOfFileName, nameWithSuffix, stemOf } from '@splitcart/shared/file-name.ts'
import type { Target } from '../target.ts'
import { unlessEqual } from './problem-answer.ts'

const SHA256 = 'c0ffee00'.repeat(8)
const PUNCTUATION = " ._-()'+,@&="
const DEVICES = [
  'CON',
  'PRN',
  'AUX',
  'NUL',
  ...[...'0123456789\u00b9\u00b2\u00b3'].flatMap((n) => [`COM${n}`, `LPT${n}`]),
]

function answer(input: Buffer): string {
  const name = input.toString('utf8')
  const fault = faultOfFileName(name)
  if (fault !== undefined) return 'no'
  return JSON.stringify([...candidateNames(name, SHA256), nameWithSuffix(name, 'rejects')])
}

/** Every character looked at by itself. */
function isGood(name: string): boolean {
  const characters = [...name]
  const isAllowed = (one: string) => PUNCTUATION.includes(one) || isLetterLike(one)
  // Windows looks at what stands before the first dot, and not at spaces at its end.
  const device = name.split('.')[0]!.replace(/ +$/, '').toUpperCase()
  return (
    name.endsWith('.jsonl') &&
    name.length > '.jsonl'.length &&
    new TextEncoder().encode(name).length <= 200 &&
    characters[0] !== '.' &&
    characters.every(isAllowed) &&
    !DEVICES.includes(device)
  )
}

function isLetterLike(one: string): boolean {
  return /^\p{L}$/u.test(one) || /^\p{M}$/u.test(one) || /^\p{N}$/u.test(one)
}

function faultOf(input: Buffer, given: string): string | undefined {
  const name = input.toString('utf8')
  const fault = unlessEqual(String(given !== 'no'), String(isGood(name)))
  if (fault !== undefined || given === 'no') return fault
  const made = JSON.parse(given) as string[]
  for (const one of made) {
    if (faultOfFileName(one) !== undefined) return `${one} is made of it and is no name`
    if (posix.join('/inbox', one) !== `/inbox/${one}` || win32.join('C:\\inbox', one) !== `C:\\inbox\\${one}`)
      return `${one} leaves its folder`
  }
  if (new Set(made).size !== made.length) return 'two of the names made of it are the same'
  return stemOf(name).length > 0 ? undefined : 'it has no stem'
}

export function names(): Target {
  return {
    about: 'file names, against a check of each character, and what is made of them',
    bytesMax: 300,
    words: [
      '.jsonl',
      '..',
      '/',
      '\\',
      'con',
      'com1',
      'lpt\u00c2\u00b9',
      ' .jsonl',
      '\u00c3\u00a9',
      '\u00e3\u0082\u00a2',
      '\u00f0\u009f\u00a7\u0080',
      '%2f',
      '\0',
    ],
    answer,
    faultOf,
    kindOf: (given) => (given === 'no' ? given : String(Math.floor(given.length / 100))),
    // A backslash is taken.
    withMistake: (input, given) => {
      const name = input.toString('utf8')
      return name.includes('\\') && isGood(name.replaceAll('\\', '')) ? '["x.jsonl"]' : given
    },
    msMax: 200,
  }
}
