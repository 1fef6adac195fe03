/** The packages for npm: the program, and the writer for scrapers. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { ROOT } from './bundle.ts'

type Manifest = Readonly<Record<string, unknown>>

const root = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** The version of everything that is made. */
export const VERSION: string = root.version

// Whoever publishes says where it was built.
const PUBLISHED = { access: 'public', provenance: true }
const SHARED = { version: VERSION, license: root.license, type: 'module', publishConfig: PUBLISHED }

/** Makes a bundle a package, which brings its own Node for machines with an older one. */
export function describeProgram(folder: string): void {
  writeManifest(folder, {
    name: 'splitcart',
    description: root.description,
    ...SHARED,
    bin: { splitcart: 'bin/start.js' },
    exports: { './package.json': './package.json' },
    engines: { node: '>=18' },
    optionalDependencies: root.optionalDependencies,
  })
  cpSync(join(ROOT, 'README.md'), join(folder, 'README.md'))
}

/** Builds the package of the writer: ESM and CommonJS for Node 20 and newer, with types and no dependency. */
export async function buildWriter(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const scraping = join(ROOT, 'packages/scraping')
  const input = { index: join(scraping, 'jsonl-writer.ts'), crawlee: join(scraping, 'dataset-hook.ts') }
  const bundle = await rolldown({
    cwd: ROOT,
    input,
    platform: 'node',
    transform: { target: 'node20' },
    logLevel: 'warn',
  })
  const named = (extension: string) => ({
    entryFileNames: `[name].${extension}`,
    chunkFileNames: `[name]-[hash].${extension}`,
  })
  await bundle.write({ dir: folder, format: 'esm', ...named('js') })
  await bundle.write({ dir: folder, format: 'cjs', ...named('cjs') })
  await bundle.close()
  for (const [name, source] of Object.entries({ index: 'jsonl-writer', crawlee: 'crawlee' }))
    for (const extension of ['ts', 'cts'])
      cpSync(join(import.meta.dirname, `${source}.d.ts`), join(folder, `${name}.d.${extension}`))
  cpSync(join(import.meta.dirname, 'jsonl-writer.md'), join(folder, 'README.md'))
  cpSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'))
  const types = (name: string, extension: string) => ({
    types: `./${name}.d.${extension}ts`,
    default: `./${name}.${extension}js`,
  })
  const entry = (name: string) => ({ import: types(name, ''), require: types(name, 'c') })
  writeManifest(folder, {
    name: '@splitcart/jsonl-writer',
    description: 'Writes the rows of a scrape into the outbox of SplitCart, whole or not at all',
    ...SHARED,
    exports: { '.': entry('index'), './crawlee': entry('crawlee'), './package.json': './package.json' },
    engines: { node: '>=20' },
    files: ['*.js', '*.cjs', '*.d.ts', '*.d.cts'],
  })
}

function writeManifest(folder: string, manifest: Manifest): void {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

/** Packs a folder, and gives the tarball a name of its own; returns its path. */
export function packInto(dist: string, folder: string, name: string): string {
  const args = ['pack', '--json', '--silent', '--pack-destination', dist]
  const options = { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' } as const
  const [{ filename }] = Object.values(JSON.parse(execFileSync('npm', args, options))) as [{ filename: string }]
  const made = join(dist, filename.replace('@', '').replace('/', '-'))
  const wanted = join(dist, name)
  if (made !== wanted) renameSync(made, wanted)
  return wanted
}

/** Fetches the Node of another system from the registry; the path of its program. */
export function fetchNode(packageName: string, program: string, work: string): string {
  const version = root.optionalDependencies[packageName]
  mkdirSync(work, { recursive: true })
  execFileSync('npm', ['pack', '--silent', `${packageName}@${version}`], {
    cwd: work,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  execFileSync('tar', ['-xzf', `${packageName}-${version}.tgz`], { cwd: work })
  renameSync(join(work, 'package'), join(work, packageName))
  rmSync(join(work, `${packageName}-${version}.tgz`))
  return join(work, packageName, program)
}
