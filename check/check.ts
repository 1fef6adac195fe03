/** `npm run check`: everything this project asks of itself except the tests. Runs every step, also after one failed. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')

const STEPS = {
  types: ['node_modules/typescript/bin/tsc', '-p', '.'],
  page: ['node_modules/typescript/bin/tsc', '-p', 'packages/dashboard'],
  lint: ['node_modules/@biomejs/biome/bin/biome', 'check', '.'],
  tidy: ['check/tidy.ts'],
  awaits: ['check/promises.ts'],
  docs: ['check/docs.ts'],
  // A test that gets another title must still be found by those who cite it.
  cited: ['--test', '--test-reporter=dot', 'test/security-map.test.ts'],
}

function isDone(name: string, command: readonly string[]): boolean {
  const start = performance.now()
  const { status, stdout, stderr, error } = spawnSync(process.execPath, command, { cwd: ROOT, encoding: 'utf8' })
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  process.stdout.write(`${name.padEnd(6)} ${status === 0 ? 'ok    ' : 'failed'} ${seconds.padStart(5)} s\n`)
  if (status !== 0) process.stdout.write(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}\n`)
  return status === 0
}

const failed = Object.entries(STEPS).filter(([name, command]) => !isDone(name, command))
process.exitCode = failed.length === 0 ? 0 : 1
