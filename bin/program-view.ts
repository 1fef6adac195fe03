/** Program data for the dashboard: version and effective settings; a secret only as set or not. */
import { resolve } from 'node:path'
import type { SettingView } from '@splitcart/data-management/http/routes/system-schema.ts'
import type { Program } from '@splitcart/data-management/http/services.ts'
import { withoutPassword } from '@splitcart/shared/postgres-address.ts'
import { SETTINGS } from '@splitcart/shared/settings.ts'
import { flagsIn } from './command-line.ts'
import { operatorName } from './operator.ts'
import { programVersion } from './program-version.ts'
import { findSettingsFiles, mergeEnvironment, originOf } from './settings-files.ts'

/** The version, and the settings of the receiving machine with where each came from. */
export function programView(options: Readonly<Record<string, unknown>>): Program {
  const settings = settingsView(options)
  return { version: programVersion(), settings, shell: shellCommand(settings) }
}

/** How to call splitcart on these data: the system's settings file applies to all users; else the folder is named. */
function shellCommand(settings: readonly SettingView[]): Program['shell'] {
  const { from, value } = settings.find(({ name }) => name === 'DATA_MANAGEMENT_DATA_DIR') ?? {}
  const [user] = operatorName().split('@')
  if (from === 'system file') return { before: `sudo -u ${user} splitcart`, after: '' }
  return { before: 'npx splitcart', after: ` --data-management-data-dir ${quotePath(resolve(value ?? ''))}` }
}

function quotePath(path: string): string {
  return /^[\w./:@+-]+$/.test(path) ? path : JSON.stringify(path)
}

/** The effective settings, in the order of SETTINGS. */
function settingsView(options: Readonly<Record<string, unknown>>): SettingView[] {
  const [flags, found] = [flagsIn(options), findSettingsFiles()]
  const environment = mergeEnvironment(found, process.env)
  const sourceOf = (name: string): { text?: string | undefined; from?: SettingView['from'] | undefined } => {
    if (flags[name] !== undefined) return { text: flags[name], from: 'flag' }
    if (environment[name]) return { text: environment[name], from: originOf(name, found, process.env) }
    return name === 'API_SECRET_KEY' && environment.API_SECRET_KEY_FILE ? { text: 'set', from: 'key file' } : {}
  }
  return Object.entries(SETTINGS).flatMap(([name, setting]) => {
    if (setting.machine === 'scraping') return []
    const is_secret = 'secret' in setting
    const { text, from } = sourceOf(name)
    const given = text ?? setting.fallback
    const value = given === undefined ? null : is_secret ? 'set' : withoutPassword(given)
    const origin = from ?? (setting.fallback === undefined ? 'nowhere' : 'default')
    return [{ name, value, is_secret, from: origin, about: setting.about }]
  })
}
