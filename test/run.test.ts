/** The runner of the tests, run on tests that misbehave. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { until } from './machines.ts'
import { isRunning } from './processes.ts'

const NOT_LINUX = process.platform !== 'linux' && 'processes are looked for on Linux only'
const RUNNER = `${import.meta.dirname}/run.ts`

async function run(...given: string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, [RUNNER, ...given], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  const output = await text(child.stdout)
  const [status] = await closed
  return { status, output }
}

test('tests that pass and leave nothing behind end with the summary and status 0', async () => {
  const { status, output } = await run('test/fixtures/leaves-nothing.ts')
  assert.equal(status, 0, output)
  assert.match(output, /^ℹ tests 2$/m)
  assert.match(output, /ℹ duration_ms [\d.]+\n$/)
})

test('a process that is left behind fails the run, is named, and is ended', { skip: NOT_LINUX }, async () => {
  const { status, output } = await run('test/fixtures/leaves-a-process.ts')
  assert.equal(status, 1, output)
  const pid = /left behind: process (\d+): .*setTimeout/.exec(output)?.[1]
  assert.ok(pid, output)
  await until(() => !isRunning(Number(pid)), 'it has ended')
  assert.match(output, /ℹ duration_ms [\d.]+\n$/)
})

test('a test that never ends fails the run instead of holding it up', { skip: NOT_LINUX }, async () => {
  const { status, output } = await run('test/fixtures/never-ends.ts', '--seconds=1')
  assert.equal(status, 1, output)
  assert.match(output, /ended after 1 s: process \d+: .*never-ends/)
  assert.match(output, /ℹ duration_ms [\d.]+\n$/)
})

test('a folder that is left behind fails the run and is named', async () => {
  const { status, output } = await run('test/fixtures/leaves-a-folder.ts')
  assert.equal(status, 1, output)
  assert.match(output, /left behind: in the temporary folder: splitcart-/)
})

test('a failing test fails the run, why stands at the end once more, and the summary still stands last', async () => {
  const { status, output } = await run('test/fixtures/fails.ts', 'test/fixtures/leaves-nothing.ts')
  assert.equal(status, 1, output)
  assert.equal(output.match(/AssertionError/g)?.length, 2, output)
  assert.match(output, /AssertionError[^✔✖]*✖ failed: npm test -- test\/fixtures\/fails\.ts\nℹ slowest/)
  assert.match(output, /ℹ fail 1\n(ℹ .*\n)*ℹ duration_ms [\d.]+\n$/)
})

test('what is not begun in time is named and fails nothing, and what is begun is run to its end', async () => {
  const { status, output } = await run('test/fixtures/fails.ts', '--begin-within=-1')
  assert.equal(status, 0, output)
  assert.match(output, /^NOT TRIED, because the time was over: npm test -- test\/fixtures\/fails\.ts$/m)
  assert.equal((await run('test/fixtures/leaves-nothing.ts', '--begin-within=600')).status, 0)
})

test('options go to the test runner of node, with a value of their own or not', async () => {
  const { output } = await run('test/fixtures/leaves-nothing.ts', '--test-name-pattern', 'another test')
  assert.match(output, /^ℹ pass 1$/m)
})

test('a file that is not there is said to be missing', async () => {
  const { status, output } = await run('test/no-such-file.test.ts')
  assert.equal(status, 2)
  assert.match(output, /No test file matches/)
})
