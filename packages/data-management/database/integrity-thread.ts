/**
 * Worker thread that checks every table of SQLite databases with its indexes, and posts the faults. One table at a
 * time: the write-ahead log grows as long as a read transaction lasts.
 */
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { DatabaseCheck } from './integrity.ts'
import { isDamageCode, isReadCode, resultCodeOf } from './sqlite-result.ts'

// The most faults posted for each database.
const FAULTS_MAX = 20

function checkDatabase(path: string): DatabaseCheck {
  const faults: string[] = []
  try {
    using database = new DatabaseSync(path, { readOnly: true, timeout: 30_000 })
    const tables = database.prepare("select name from sqlite_schema where type = 'table'").all()
    for (const { name } of tables)
      for (const { integrity_check: result } of database.prepare(`pragma integrity_check("${name}")`).all())
        if (result !== 'ok') faults.push(String(result))
    return { path, faults }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const code = resultCodeOf(error) ?? 0
    return isDamageCode(code) || isReadCode(code)
      ? { path, faults: [...faults, message] }
      : { path, faults, error: message }
  }
}

const checks = (workerData as readonly string[]).map((path) => {
  const { faults, ...check } = checkDatabase(path)
  return { ...check, faults: faults.slice(0, FAULTS_MAX).map((fault) => `${path}: ${fault}`) }
})
parentPort!.postMessage(checks satisfies DatabaseCheck[])
