/**
 * Worker thread that checks every table of SQLite databases with its indexes, and posts what is wrong. One table at a
 * time: a long read transaction would keep the write-ahead log from being reset, and it would grow.
 */
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

// Posted of each database.
const FAULTS_MAX = 20

function faultsIn(path: string): string[] {
  try {
    using database = new DatabaseSync(path, { readOnly: true, timeout: 30_000 })
    const tables = database.prepare("select name from sqlite_schema where type = 'table'").all()
    const faults: string[] = []
    for (const { name } of tables)
      for (const { integrity_check: result } of database.prepare(`pragma integrity_check("${name}")`).all())
        if (result !== 'ok') faults.push(String(result))
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
