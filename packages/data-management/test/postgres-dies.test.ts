/** PostgreSQL is killed again and again while files are loaded into it: each file is in the catalogue once, and nothing is half there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../../test/machines.ts'
import { NO_POSTGRES, startCluster } from '../../../test/postgres.ts'
import { openPostgresCatalogue, type PostgresCatalogue } from '../catalogue/dialects/postgres/catalogue.ts'
import { UnknownCommit } from '../database/postgres.ts'
import { isDatabaseFailure } from '../database/postgres-problems.ts'
import { historyOf } from './histories.ts'
import { faultOf, loadWhole } from './history-case.ts'
import type { HistoryFile } from './naive-rows.ts'

const LOADERS = 3
const KILLS = 6
const FILES = 60

/** Loads a file as update-db does: not without looking for its record, and once more for as long as the database is away. */
async function loadInTheEnd(catalogue: PostgresCatalogue, file: HistoryFile): Promise<number> {
  for (let failures = 0; ; failures++) {
    try {
      if ((await catalogue.findLoad(file.sha256)) === undefined) await loadWhole(catalogue, file)
      return failures
    } catch (error) {
      if (!(error instanceof UnknownCommit) && !isDatabaseFailure(error)) throw error
      await sleep(50)
    }
  }
}

test(`${FILES} files are loaded once each by ${LOADERS} loaders, though PostgreSQL is killed ${KILLS} times meanwhile`, {
  skip: NO_POSTGRES,
}, async () => {
  await using cluster = await startCluster()
  const { address } = await cluster.makeDatabase()
  const loaders = await Promise.all(
    Array.from({ length: LOADERS }, () => openPostgresCatalogue(address, { connections: 2 })),
  )
  await using stack = new AsyncDisposableStack()
  for (const loader of loaders) stack.use(loader)
  const files = Array.from({ length: FILES }, (_, seed) => historyOf(seed + 1)[0]).filter((file) => file !== undefined)
  const waiting = [...files, ...files.slice(0, LOADERS)]
  let failures = 0
  const loading = Promise.all(
    loaders.map(async (loader) => {
      for (let file = waiting.shift(); file !== undefined; file = waiting.shift())
        failures += await loadInTheEnd(loader, file)
    }),
  )
  const killing = (async () => {
    for (let kills = 1; kills <= KILLS; kills++) {
      await until(() => waiting.length < FILES - (kills * FILES) / (KILLS + 2), 'some more are loaded')
      await cluster.kill()
      await cluster.start()
    }
  })()
  await Promise.all([loading, killing])
  assert.ok(failures > 0, 'no kill met a load')
  const { length } = await loaders[0]!.database.all('select sha256 from load')
  assert.equal(length, new Set(files.map(({ sha256 }) => sha256)).size)
  assert.equal(await faultOf(loaders[0]!, files), undefined)
})
