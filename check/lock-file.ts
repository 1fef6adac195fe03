/** What package-lock.json may say: packages of the registry by their digest, and folders of this project; nothing that runs when it is installed. */
import type { Fault, Source } from './sources.ts'

const REGISTRY = 'https://registry.npmjs.org/'

type Entry = Readonly<{ resolved?: string; integrity?: string; link?: boolean; hasInstallScript?: boolean }>

/** Faults of the lock file. */
export function lockFileFaults(sources: readonly Source[]): Fault[] {
  return sources
    .filter(({ path }) => /(^|\/)package-lock\.json$/.test(path))
    .flatMap(({ path, text }) => {
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

function whatIsWrong(name: string, { resolved, integrity, link, hasInstallScript }: Entry): string[] {
  const faults = hasInstallScript ? ['runs a script when it is installed'] : []
  // The project itself and its own folders; what links to them names one of these.
  if (!name.includes('node_modules/')) return faults
  if (link) return /^[\w-]+(\/[\w-]+)*$/.test(resolved ?? '') ? faults : [...faults, `links to ${resolved}`]
  if (resolved !== undefined && !resolved.startsWith(REGISTRY))
    faults.push(`comes from ${resolved}, not from the registry`)
  if (!integrity?.startsWith('sha512-')) faults.push('has no SHA-512')
  return faults
}
