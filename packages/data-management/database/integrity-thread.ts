/** The thread that looks at every page of SQLite databases, a table at a time, so that no log grows meanwhile, and says what is wrong. */
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

const FAULTS_MAX = 20

function faultsIn(path: string): string[] {
  try {
    using database = new DatabaseSync(path, { readOnly: true, timeout: 30_000 })
    const tables = database.prepare("select name from sqlite_schema where type = 'table'").all()
    const faults: string[] = []
    for (const { name } of tables)
      for (const { integrity_check: said } of database.prepare(`pragma integrity_check("${name}")`).all())
        if (said !== 'ok') faults.push(String(said))
    return faults
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

const paths = workerData as readonly string[]
parentPort!.postMessage(
  paths.flatMap((path) =>
    faultsIn(path)
      .slice(0, FAULTS_MAX)
      .map((fault) => `${path}: ${fault}`),
  ),
)
