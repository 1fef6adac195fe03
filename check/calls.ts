/** What only one place may touch: the process belongs to `bin/`, the names of files to `durable-file`. */
import {
  isCallExpression,
  isElementAccessExpression,
  isIdentifier,
  isImportDeclaration,
  isNamedImports,
  isObjectBindingPattern,
  isPropertyAccessExpression,
  isStringLiteral,
  isVariableDeclaration,
  type Node,
} from 'typescript/unstable/ast'
import { type Fault, isProduct, lineOf, type Tree, walk } from './sources.ts'

const OF_THE_COMMAND_LINE = new Set(['env', 'argv', 'exit', 'exitCode'])

const OF_DURABLE_FILE = new Set(
  ['link', 'symlink', 'rename', 'unlink', 'rm', 'rmdir', 'fsync', 'fdatasync'].flatMap((name) => [name, `${name}Sync`]),
)
const OF_A_FILE_HANDLE = new Set(['sync', 'datasync'])
const DURABLE_FILE = /^packages\/shared\/(durable-file|disk)\.ts$/

/** Faults of the rules on `process`, `console` and the calls that name, unname and sync files. */
export function callFaults(trees: readonly Tree[]): Fault[] {
  return trees
    .filter(({ path }) => isProduct(path))
    .flatMap((tree) => {
      const faults: Fault[] = []
      const imported = importedFromFileSystem(tree)
      walk(tree.root, (node) => {
        const found = touchesProcess(node) ?? touchesConsole(node) ?? movesAFile(node, tree.path, imported)
        if (found === undefined) return
        const { rule, subject, message } = found
        faults.push({ rule, path: tree.path, subject, message: `line ${lineOf(tree, node)}: ${message}` })
      })
      return faults
    })
}

type Found = Omit<Fault, 'path'> | undefined

function touchesProcess(node: Node): Found {
  const name = nameOfProcess(node)
  if (name === undefined) return undefined
  return { rule: 'process', subject: name, message: `${name}: only bin/ reads or ends the process` }
}

function nameOfProcess(node: Node): string | undefined {
  if (isImportDeclaration(node) && isStringLiteral(node.moduleSpecifier))
    return /^(node:)?process$/.test(node.moduleSpecifier.text) ? 'node:process' : undefined
  if (isVariableDeclaration(node) && isObjectBindingPattern(node.name))
    return node.initializer !== undefined && isNamed(node.initializer, 'process') ? 'process' : undefined
  const member = memberOf(node)
  if (member === undefined || !isNamed(member.object, 'process') || !OF_THE_COMMAND_LINE.has(member.name)) return
  return `process.${member.name}`
}

function touchesConsole(node: Node): Found {
  const member = memberOf(node)
  if (member === undefined || !isNamed(member.object, 'console')) return undefined
  const subject = `console.${member.name}`
  return { rule: 'console', subject, message: `${subject}: a package logs with shared/log.ts, and only bin/ prints` }
}

function movesAFile(node: Node, path: string, imported: ReadonlyMap<string, string>): Found {
  if (DURABLE_FILE.test(path) || !isCallExpression(node)) return undefined
  const member = memberOf(node.expression)
  const name = member?.name ?? (isIdentifier(node.expression) ? imported.get(node.expression.text) : undefined) ?? ''
  if (!OF_DURABLE_FILE.has(name) && !(member !== undefined && OF_A_FILE_HANDLE.has(name))) return undefined
  return { rule: 'durable-file', subject: name, message: `calls ${name}(): only shared/durable-file.ts does that` }
}

/** What a file calls the functions it imports from node:fs, and what they are called there. */
function importedFromFileSystem(tree: Tree): ReadonlyMap<string, string> {
  const imported = new Map<string, string>()
  for (const node of tree.root.statements) {
    if (!isImportDeclaration(node) || !isStringLiteral(node.moduleSpecifier)) continue
    if (!/^(node:)?fs(\/promises)?$/.test(node.moduleSpecifier.text)) continue
    const bindings = node.importClause?.namedBindings
    if (bindings === undefined || !isNamedImports(bindings)) continue
    for (const { name, propertyName } of bindings.elements) imported.set(name.text, (propertyName ?? name).text)
  }
  return imported
}

function memberOf(node: Node): { object: Node; name: string } | undefined {
  if (isPropertyAccessExpression(node)) return { object: node.expression, name: node.name.text }
  if (isElementAccessExpression(node) && isStringLiteral(node.argumentExpression))
    return { object: node.expression, name: node.argumentExpression.text }
  return undefined
}

function isNamed(node: Node, name: string): boolean {
  return isIdentifier(node) && node.text === name
}
