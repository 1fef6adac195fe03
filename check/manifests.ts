/** What a package.json may say: exact versions, and nothing that runs when it is installed. */
import type { Fault, Source } from './sources.ts'

const DEPENDENCIES = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']
const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/
const RUN_BY_INSTALL = /^((pre|post)?install|(pre|post)?prepare|prepublish)$/

type Texts = Readonly<Record<string, string>>

/** Faults of every package.json. */
export function manifestFaults(sources: readonly Source[]): Fault[] {
  return sources
    .filter(({ path }) => /(^|\/)package\.json$/.test(path))
    .flatMap(({ path, text }) => {
      const manifest: Readonly<Record<string, Texts | undefined>> = JSON.parse(text)
      return [...rangeFaults(path, manifest), ...installFaults(path, manifest.scripts ?? {})]
    })
}

function rangeFaults(path: string, manifest: Readonly<Record<string, Texts | undefined>>): Fault[] {
  return DEPENDENCIES.flatMap((kind) =>
    Object.entries(manifest[kind] ?? {})
      .filter(([, version]) => !EXACT.test(version))
      .map(([subject, version]) => ({
        rule: 'versions',
        path,
        subject,
        message: `${subject} ${version}: name one exact version`,
      })),
  )
}

function installFaults(path: string, scripts: Texts): Fault[] {
  return Object.keys(scripts)
    .filter((name) => RUN_BY_INSTALL.test(name))
    .map((subject) => ({ rule: 'install', path, subject, message: `script "${subject}": installing runs nothing` }))
}
