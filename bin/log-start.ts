/** The first line of a log: which program this is, and the settings in force, of which secrets are only said to be set. */
import { resolve } from 'node:path'
import { logSlowStatements } from '@splitcart/data-management/database/slow-statements.ts'
import type { Log } from '@splitcart/shared/log.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import { programView } from './program-view.ts'
import { filesLookedFor, findSettings } from './settings-files.ts'

/** Logs it, and from now on what the settings want logged of databases. Settings that have their default are left out. */
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
      settings_from: filesLookedFor(findSettings()),
      settings: Object.fromEntries(given.map(({ name, value }) => [name, value])),
    },
    'started',
  )
  logSlowStatements(log, settings.SLOW_STATEMENT_MS)
}
