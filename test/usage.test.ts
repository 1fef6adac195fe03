/** The scripts of this project, given what they cannot understand: one sentence and exit code 2, never a stack. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Ended, startProgram } from './machines.ts'

const ROOT = join(import.meta.dirname, '..')

const WRONG: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'torture/run.ts': [['bogus'], ['catalogue', '--points', '1'], ['catalogue', '--histories', 'many']],
  'fuzz/run.ts': [
    ['lines', 'long'],
    ['lines', '--bogus'],
    ['lines', '--input', 'no/such/file'],
  ],
  'bench/run.ts': [['bogus'], ['--rounds', '0']],
}

function run(script: string, args: readonly string[]): Promise<Ended> {
  return startProgram([join(ROOT, script), ...args], ROOT, process.env).ended
}

for (const [script, cases] of Object.entries(WRONG))
  test(`${script} says in one line what it does not understand and where help is, and ends with 2`, async () => {
    for (const args of cases) {
      const { code, stdout, stderr } = await run(script, args)
      assert.deepEqual([args, code, stdout], [args, 2, ''], stderr)
      assert.match(stderr, /^[^\n]+\. "npm run (torture|fuzz|bench) -- --help" shows what there is\.\n$/)
    }
    const { code, stdout, stderr } = await run(script, ['--help'])
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^npm run/)
  })
