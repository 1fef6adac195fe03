/**
 * Who may import whom.
 *
 *   bin ─▶ command ─▶ store ─▶ shared       the two machines meet only over HTTP; the dashboard takes only types
 */
import { posix } from 'node:path'
import {
  isCallExpression,
  isExportDeclaration,
  isImportDeclaration,
  isStringLiteral,
  type Node,
  SyntaxKind,
} from 'typescript/unstable/ast'
import { type Fault, lineOf, partOf, type Tree, walk } from './sources.ts'

type Import = Readonly<{
  from: string
  specifier: string
  onlyTypes: boolean
  line: number
  target: string | undefined
}>

const SHARED = 'packages/shared'
const SCRAPING = 'packages/scraping'
const GENERATOR = 'packages/generator'
const DATA_MANAGEMENT = 'packages/data-management'
const DASHBOARD = 'packages/dashboard'

const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  bin: [SCRAPING, DATA_MANAGEMENT, GENERATOR, SHARED],
  [SCRAPING]: [SHARED],
  [GENERATOR]: [SHARED],
  [DATA_MANAGEMENT]: [SHARED],
  [SHARED]: [],
  [DASHBOARD]: [],
}

const MAY_IMPORT_TYPES_OF: Readonly<Record<string, readonly string[]>> = { [DASHBOARD]: [DATA_MANAGEMENT, SHARED] }

const MAY_IMPORT_ANYTHING = new Set(['test', 'torture', 'fuzz', 'check', 'mutants', 'pack', 'bench', 'docs'])

const COMMAND = /^packages\/data-management\/(http|update-db)\//
const STORE = /^packages\/data-management\/(inbox|ledger|catalogue)\//
const PURE = /^packages\/data-management\/catalogue\/model\/[^/]*\.ts$/

/** The faults of every import, and the circles they form. */
export function importFaults(trees: readonly Tree[]): Fault[] {
  const imports = trees.flatMap(importsOf)
  return [...imports.flatMap(faultsOfImport), ...circles(imports)]
}

function importsOf(tree: Tree): Import[] {
  const found: Import[] = []
  walk(tree.root, (node) => {
    const specifier = specifierOf(node)
    if (specifier === undefined) return
    const target = targetOf(tree.path, specifier)
    found.push({ from: tree.path, specifier, onlyTypes: takesOnlyTypes(node), line: lineOf(tree, node), target })
  })
  return found
}

function specifierOf(node: Node): string | undefined {
  let named: Node | undefined
  if (isImportDeclaration(node) || isExportDeclaration(node)) named = node.moduleSpecifier
  else if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) named = node.arguments[0]
  return named !== undefined && isStringLiteral(named) ? named.text : undefined
}

function takesOnlyTypes(node: Node): boolean {
  if (isImportDeclaration(node)) return node.importClause?.phaseModifier === SyntaxKind.TypeKeyword
  return isExportDeclaration(node) && node.isTypeOnly
}

function targetOf(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier)
  const packaged = /^@splitcart\/(.+)$/.exec(specifier)?.[1]
  return packaged === undefined ? undefined : `packages/${packaged}`
}

function faultsOfImport(one: Import): Fault[] {
  const message = whatIsWrong(one)
  if (message === undefined) return []
  return [{ rule: 'imports', path: one.from, subject: one.specifier, message: `line ${one.line}: ${message}` }]
}

function whatIsWrong({ from, specifier, onlyTypes, target }: Import): string | undefined {
  const own = partOf(from)
  if (MAY_IMPORT_ANYTHING.has(own)) return undefined
  if (PURE.test(from) && !onlyTypes && !mayServePureCode(target))
    return `imports ${specifier}: this module is pure and may use only other pure modules and packages/shared`
  if (target === undefined) return undefined
  const other = partOf(target)
  if (specifier.startsWith('.') && other !== own) return `imports ${specifier}: a relative import stays in its package`
  if (STORE.test(from) && COMMAND.test(target) && !onlyTypes) return `imports ${specifier}: a store knows no command`
  if (other === own || MAY_IMPORT[own]?.includes(other)) return undefined
  if (onlyTypes && MAY_IMPORT_TYPES_OF[own]?.includes(other)) return undefined
  return `imports ${specifier}: ${own} may not import ${onlyTypes ? '' : 'code of '}${other}`
}

function mayServePureCode(target: string | undefined): boolean {
  return target !== undefined && (PURE.test(target) || partOf(target) === SHARED)
}

/** One fault for each circle, found by walking the imports depth first. */
function circles(imports: readonly Import[]): Fault[] {
  const targets = Map.groupBy(imports, ({ from }) => from)
  const done = new Set<string>()
  const faults: Fault[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) faults.push(circle([...trail.slice(start), path]))
    if (start >= 0 || done.has(path)) return
    for (const { target } of targets.get(path) ?? []) if (target !== undefined) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of targets.keys()) visit(path, [])
  return faults
}

function circle(trail: readonly string[]): Fault {
  return {
    rule: 'circle',
    path: trail[0] ?? '',
    subject: trail.join(' '),
    message: `imports itself: ${trail.join(' → ')}`,
  }
}
