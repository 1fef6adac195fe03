/**
 * What package-lock.json may say: packages of the registry by their digest, and folders of this project; nothing that runs when it is
 * installed, and not which Node a package needs. npm compares that with the Node that runs npm: it warns about packages that run on the
 * pinned one, and leaves out optional ones that the build needs. `npm run fix` takes it out.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Fault, readSources, type Source } from './sources.ts'

const REGISTRY = 'https://registry.npmjs.org/'

type Entry = Readonly<{
  resolved?: string
  integrity?: string
  link?: boolean
  hasInstallScript?: boolean
  engines?: unknown
}>

/** Faults of the lock file. */
export function lockFileFaults(sources: readonly Source[]): Fault[] {
  return sources.filter(isLockFile).flatMap(({ path, text }) => {
    const { packages = {} }: { packages?: Readonly<Record<string, Entry>> } = JSON.parse(text)
    return Object.entries(packages).flatMap(([subject, entry]) =>
      whatIsWrong(subject, entry).map((message) => ({
        rule: 'lock',
        path,
        subject,
        message: `${subject}: ${message}`,
      })),
    )
  })
}

function isLockFile({ path }: Source): boolean {
  return /(^|\/)package-lock\.json$/.test(path)
}

function whatIsWrong(name: string, { resolved, integrity, link, hasInstallScript, engines }: Entry): string[] {
  const faults = hasInstallScript ? ['runs a script when it is installed'] : []
  if (engines !== undefined) faults.push('says which Node it needs; run "npm run fix"')
  // The project itself and its own folders; what links to them names one of these.
  if (!name.includes('node_modules/')) return faults
  if (link) return /^[\w-]+(\/[\w-]+)*$/.test(resolved ?? '') ? faults : [...faults, `links to ${resolved}`]
  if (resolved !== undefined && !resolved.startsWith(REGISTRY))
    faults.push(`comes from ${resolved}, not from the registry`)
  if (!integrity?.startsWith('sha512-')) faults.push('has no SHA-512')
  return faults
}

/** The text of a lock file without what it says of engines, as npm writes it. */
export function withoutEngines(text: string): string {
  const lock: { packages: Record<string, Entry> } = JSON.parse(text)
  for (const [name, { engines: _, ...entry }] of Object.entries(lock.packages)) lock.packages[name] = entry
  return `${JSON.stringify(lock, undefined, 2)}\n`
}

if (import.meta.main && process.argv.includes('--write')) {
  const root = join(import.meta.dirname, '..')
  for (const { path, text } of readSources(root).filter(isLockFile))
    writeFileSync(join(root, path), withoutEngines(text))
}
