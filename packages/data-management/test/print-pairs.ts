/** `npm run pairs`: what the rules find of the labelled pairs. With `--all` each pair that is wrong or missed as well. */
import { figuresOf } from './labelled-pairs.ts'

const PARTS = [
  ['the rules were made with them in view', true],
  ['the rules were not', false],
  ['all', undefined],
] as const

for (const [about, seen] of PARTS) {
  const { pairs, rightOfSuggested, rightOfIdentical, found, wrong, missed } = figuresOf(seen)
  const percent = (part: number) => `${(100 * part).toFixed(1)} %`
  process.stdout.write(
    `${pairs} pairs (${about}): ${percent(rightOfSuggested)} of the suggested are right, ${percent(rightOfIdentical)} of those` +
      ` called identical, and ${percent(found)} of those that a person calls comparable are found\n`,
  )
  if (!process.argv.includes('--all') || seen === undefined) continue
  for (const text of wrong) process.stdout.write(`  wrong   ${text}\n`)
  for (const text of missed) process.stdout.write(`  missed  ${text}\n`)
}
