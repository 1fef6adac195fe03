/** Every test of the ledger once more, with PostgreSQL behind it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { NO_POSTGRES, startCluster } from '../../../test/postgres.ts'

const run = promisify(execFile)

// All of them together.
const MS_MAX = 300_000
const KEYS = ['access', 'keys', 'keys-api', 'session-api', 'audit-api']
const UPLOADS = ['upload-api', 'uploads-api', 'events-api', 'wishes', 'overview-api', 'group-commit']

test('what holds with the ledger in SQLite holds with it in PostgreSQL', {
  skip: NO_POSTGRES,
  timeout: MS_MAX,
}, async (context) => {
  await using cluster = await startCluster()
  const env: NodeJS.ProcessEnv = { ...process.env, LEDGER_OF_TESTS: cluster.address }
  // A runner inside a test is a run of its own; node would skip its file.
  delete env.NODE_TEST_CONTEXT
  for (const name of [...KEYS, ...UPLOADS])
    await context.test(`${name}.test.ts`, async () => {
      const file = join(import.meta.dirname, `${name}.test.ts`)
      const options = ['--test', '--test-reporter=spec', file]
      const result = await run(process.execPath, options, { env }).catch((error) => error)
      assert.equal(result.code ?? 0, 0, result.stdout)
      assert.match(result.stdout, /^ℹ pass [1-9]/m)
    })
})
