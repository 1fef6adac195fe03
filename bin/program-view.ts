/** What the page shows of the program: its version, and the settings in force, of which secrets are only said to be set. */
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import type { Program } from '@splitcart/data-management/api/services.ts'
import type { SettingView } from '@splitcart/data-management/api/system-schema.ts'
import { SETTINGS, withoutPassword } from '@splitcart/shared/settings.ts'
import { flagsIn } from './command-line.ts'
import { programVersion } from './program-version.ts'

type Texts = Readonly<Record<string, string | undefined>>

/** The version, and the settings of the receiving machine with where each came from. */
export function programView(options: Readonly<Record<string, unknown>>): Program {
  return { version: programVersion(), settings: settingsView(options) }
}

/** In the order of the table. */
function settingsView(options: Readonly<Record<string, unknown>>): SettingView[] {
  const [flags, file] = [flagsIn(options), envFile()]
  return Object.entries(SETTINGS).flatMap(([name, setting]) => {
    if (setting.machine === 'scraping') return []
    const is_secret = 'secret' in setting
    const { text, from } = sourceOf(name, flags, file)
    const given = text ?? setting.fallback
    const value = given === undefined ? null : is_secret ? 'set' : withoutPassword(given)
    const origin = from ?? (setting.fallback === undefined ? 'nowhere' : 'default')
    return [{ name, value, is_secret, from: origin, about: setting.about }]
  })
}

function sourceOf(name: string, flags: Texts, file: Texts): { text?: string; from?: SettingView['from'] } {
  const [flag, given] = [flags[name], process.env[name]]
  if (flag !== undefined) return { text: flag, from: 'flag' }
  if (given !== undefined && given !== '') return { text: given, from: file[name] === given ? '.env' : 'environment' }
  if (name === 'API_SECRET_KEY' && process.env.API_SECRET_KEY_FILE) return { text: 'set', from: 'key file' }
  return {}
}

function envFile(): Texts {
  try {
    return parseEnv(readFileSync('.env', 'utf8'))
  } catch {
    // There is none, most often.
    return {}
  }
}
