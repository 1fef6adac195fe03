/** The tests of ledger and catalogue once more, with both in PostgreSQL. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { NO_POSTGRES, startCluster } from '../../../test/postgres.ts'
import { openPostgresCatalogue } from '../catalogue/dialects/postgres/catalogue.ts'
import { openPostgresLedger } from '../ledger/postgres.ts'

const run = promisify(execFile)

// All files of a test together; a minute or two each on a machine that has nothing else to do.
const MS_MAX = 900_000

const FILES = {
  ledger: [
    'access',
    'keys',
    'keys-api',
    'heartbeat-api',
    'session-api',
    'audit-api',
    'upload-api',
    'events-api',
    'group-commit',
    'rights',
  ],
  catalogue: ['products-api', 'search-api', 'prices-api', 'rejects-api', 'sources-api', 'changes-api', 'planted'],
  'both of them': [
    'update-db',
    'feeds',
    'kinds-api',
    'export-api',
    'uploads-api',
    'wishes',
    'overview-api',
    'figures',
    'believed',
    'headings-api',
    'notices',
    'store-settings',
    'ticks',
    'days',
    'notice-troubles',
  ],
}

// Two at once: one after the other they take longer than all other tests of `npm run test:long` beside them.
describe('what holds in SQLite holds in PostgreSQL', { skip: NO_POSTGRES, concurrency: 2 }, () => {
  for (const [what, names] of Object.entries(FILES))
    test(what, { timeout: MS_MAX }, async (context) => {
      await using cluster = await startCluster()
      await migrateTemplate(cluster.address)
      const env: NodeJS.ProcessEnv = { ...process.env, DATABASE_OF_TESTS: cluster.address }
      // A runner inside a test is a run of its own; node would skip its file.
      delete env.NODE_TEST_CONTEXT
      for (const name of names)
        await context.test(`${name}.test.ts`, async () => {
          const file = join(import.meta.dirname, `${name}.test.ts`)
          const options = ['--test', '--test-reporter=spec', file]
          const result = await run(process.execPath, options, { env }).catch((error) => error)
          assert.equal(result.code ?? 0, 0, result.stdout)
          assert.match(result.stdout, /^ℹ pass [1-9]/m)
        })
    })
})

/** Migrates what every new database of a cluster is a copy of: else each of some hundred tests would. */
async function migrateTemplate(address: string): Promise<void> {
  const template = new URL(address)
  template.pathname = 'template1'
  await using _catalogue = await openPostgresCatalogue(template.href)
  await using _ledger = await openPostgresLedger(template.href)
}
