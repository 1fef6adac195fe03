/** What the house rules look at: the files of the project as text, and those in TypeScript as trees. */
import { execFileSync } from 'node:child_process'
import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Node, SourceFile } from 'typescript/unstable/ast'
import { API } from 'typescript/unstable/sync'

/** A file, by its path from the root of the project, with forward slashes. */
export type Source = Readonly<{ path: string; text: string }>

/** A file in TypeScript and what the compiler made of it. */
export type Tree = Source & Readonly<{ root: SourceFile }>

/** A rule that is broken. `subject` is what of the file breaks it: an import, a function, a title. */
export type Fault = Readonly<{ rule: string; path: string; subject: string; message: string }>

const TEXT_FILE =
  /\.(ts|tsx|js|mjs|cjs|json|jsonc|md|sql|sh|py|css|html|ya?ml|toml|service|timer|conf)$|^[^.]*$|(^|\/)(run|\.npmrc|\.gitignore)$/

/** Every text file that git knows or would add. */
export function readSources(root: string): Source[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  const paths = new Set(
    listed
      .toString()
      .split('\0')
      .filter((path) => TEXT_FILE.test(path)),
  )
  return [...paths].sort().flatMap((path) => {
    const text = textOf(join(root, path))
    return text === undefined ? [] : [{ path, text }]
  })
}

// What git lists may be removed and not committed yet, a link, or a folder that is a repository of its own.
function textOf(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path, 'utf8') : undefined
}

/** The trees of the sources that are TypeScript. The compiler sees nothing but these texts. */
export function treesOf(sources: readonly Source[]): Tree[] {
  const code = sources.filter(({ path }) => /\.tsx?$/.test(path))
  const files = new Map(code.map(({ path, text }) => [`/${path}`, text]))
  const compilerOptions = { noLib: true, noResolve: true, types: [], jsx: 'preserve', module: 'nodenext' }
  files.set(PROJECT, JSON.stringify({ compilerOptions, files: code.map(({ path }) => path) }))
  const api = new API({ cwd: '/', fs: inMemory(files) })
  try {
    using snapshot = api.updateSnapshot({ openProjects: [PROJECT] })
    const program = snapshot.getProject(PROJECT)?.program
    return code.map((source) => {
      const root = program?.getSourceFile(`/${source.path}`)
      if (root === undefined) throw new Error(`The compiler did not read ${source.path}.`)
      return { ...source, root }
    })
  } finally {
    api.close()
  }
}

const PROJECT = '/tidy.tsconfig.json'

function inMemory(files: ReadonlyMap<string, string>) {
  return {
    readFile: (path: string) => files.get(path) ?? null,
    fileExists: (path: string) => files.has(path),
    directoryExists: (folder: string) => [...files.keys()].some((path) => path.startsWith(`${folder}/`)),
    getAccessibleEntries: () => ({ files: [], directories: [] }),
    realpath: (path: string) => path,
  }
}

/** Calls `look` with every node of a tree, parents first. */
export function walk(node: Node, look: (node: Node) => void): void {
  look(node)
  node.forEachChild((child) => {
    walk(child, look)
  })
}

/** The line a node starts on, counted from 1. */
export function lineOf(tree: Tree, node: Node): number {
  return tree.root.getLineAndCharacterOfPosition(node.getStart(tree.root)).line + 1
}

/** `packages/shared`, `bin`, `test` …: the part of the house a file belongs to. Tests of a package belong to `test`. */
export function partOf(path: string): string {
  const [first = '', second = '', third] = path.split('/')
  if (first !== 'packages') return first
  return third === 'test' || path.endsWith('.test.ts') ? 'test' : `packages/${second}`
}

/** Whether a file is part of what runs at a user's. */
export function isProduct(path: string): boolean {
  return partOf(path).startsWith('packages/')
}
