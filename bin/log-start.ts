/** The first line of a log: the program, its version, and the settings in force; secrets only as set. */
import { resolve } from 'node:path'
import { logSlowStatements } from '@splitcart/data-management/database/slow-statements.ts'
import type { Log } from '@splitcart/shared/log.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import { programView } from './program-view.ts'
import { describeSearch, findSettingsFiles } from './settings-files.ts'

/** Logs the start, without default settings, and enables the log of slow statements. */
export function logStart(log: Log, program: string, settings: Settings, options: object): void {
  const { version, settings: views } = programView({ ...options })
  const given = views.filter(({ value, from }) => value !== null && from !== 'default')
  log.info(
    {
      program,
      version,
      node: process.versions.node,
      pid: process.pid,
      data: resolve(settings.DATA_MANAGEMENT_DATA_DIR),
      settings_from: describeSearch(findSettingsFiles()),
      settings: Object.fromEntries(given.map(({ name, value }) => [name, value])),
    },
    'started',
  )
  logSlowStatements(log, settings.SLOW_STATEMENT_MS)
}
