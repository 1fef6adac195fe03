/**
 * The program as plain JavaScript without dependencies: a folder that looks like this repository, so that what is looked for beside a module
 * (migrations, threads, the page) is found where it was.
 */
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { licencesOf } from '@splitcart/dashboard/licences.ts'
import { type Plugin, rolldown } from 'rolldown'

export const ROOT = join(import.meta.dirname, '..')

const PROGRAM = 'bin/splitcart.ts'
const SOURCES = ['bin/**/*.ts', 'packages/*/**/*.ts']
const NOT_SOURCES = ['**/node_modules/**', '**/test/**', 'packages/dashboard/**']
// How a module names one that is started as a thread.
const THREAD = /(?<=new URL\('[\w-]+)\.ts(?=', import\.meta\.url\))/g
const ASSETS = ['packages/data-management/**/migrations/**/*.sql', 'packages/dashboard/dist/**/*.*']
const HERE = '__HERE_OF__'

/** Builds into a folder, which is emptied first. */
export async function bundleInto(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  const sources = [PROGRAM, ...threads()]
  const input = Object.fromEntries(sources.map((path) => [path.replace(/\.ts$/, ''), join(ROOT, path)]))
  const bundle = await rolldown({
    cwd: ROOT,
    input,
    platform: 'node',
    plugins: [knowingItsPlace()],
    // Optional parts of libraries that are not used here.
    external: ['pg-native', 'pg-cloudflare'],
    logLevel: 'warn',
  })
  const chunkFileNames = 'chunks/[name]-[hash].js'
  const { output } = await bundle.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames,
    minify: false,
  })
  await bundle.close()
  for (const path of globSync(ASSETS, { cwd: ROOT, exclude: ['**/node_modules/**', '**/test/**'] })) copy(path, folder)
  for (const path of ['bin/pinned-node.js', 'LICENSE']) copy(path, folder)
  const launcher = readFileSync(join(ROOT, 'bin/splitcart.js'), 'utf8')
  writeFileSync(join(folder, 'bin/start.js'), launcher.replaceAll('splitcart.ts', 'splitcart.js'))
  writeFileSync(
    join(folder, 'THIRD-PARTY-LICENSES'),
    licencesOf(output.flatMap((part) => ('moduleIds' in part ? part.moduleIds : []))),
  )
}

/** The modules that are started by their address. */
function threads(): string[] {
  const paths = globSync(SOURCES, { cwd: ROOT, exclude: NOT_SOURCES })
  return paths.flatMap((path) => {
    const code = readFileSync(join(ROOT, path), 'utf8')
    const names = [...code.matchAll(/new URL\('([\w-]+\.ts)', import\.meta\.url\)/g)].map(([, name = '']) => name)
    return names.map((name) => join(dirname(path), name))
  })
}

function copy(path: string, folder: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  cpSync(join(ROOT, path), join(folder, path))
}

/** A module asks where it lies: it is told the place that its source has below the root, wherever its code went. */
function knowingItsPlace(): Plugin {
  return {
    name: 'knowing-its-place',
    transform(code, id) {
      const path = relative(ROOT, id)
      if (path.startsWith('..') || path.includes('node_modules')) return null
      const own = `new URL(${JSON.stringify(path)}, ${HERE})`
      return code
        .replaceAll("new URL('splitcart.js', import.meta.url)", `new URL('bin/start.js', ${HERE})`)
        .replaceAll(/createRequire\(import\.meta\.url\)\((?='tus)/g, 'require(')
        .replaceAll(THREAD, '.js')
        .replaceAll(
          'import.meta.dirname',
          `process.getBuiltinModule('node:path').dirname(process.getBuiltinModule('node:url').fileURLToPath(${own}))`,
        )
        .replaceAll('import.meta.url', `${own}.href`)
    },
    renderChunk(code, { fileName }) {
      const up = '../'.repeat(fileName.split('/').length - 1) || './'
      return code.replaceAll(HERE, `new URL(${JSON.stringify(up)}, import.meta.url)`)
    },
  }
}
