/** How large a file and a function may grow (docs/architecture.md has the reasons). */
import {
  isArrowFunction,
  isCallExpression,
  isConstructorDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isGetAccessorDeclaration,
  isIdentifier,
  isMethodDeclaration,
  isPropertyAssignment,
  isPropertyDeclaration,
  isSetAccessorDeclaration,
  isStringLiteral,
  isVariableDeclaration,
  type Node,
  type ParameterDeclaration,
} from 'typescript/unstable/ast'
import { type Fault, lineOf, type Tree, walk } from './sources.ts'

export const FILE_LINES_MAX = 300
export const FUNCTION_LINES_MAX = 50
export const PARAMETERS_MAX = 4

type FunctionNode = Node & { readonly name?: Node | undefined; readonly parameters: readonly ParameterDeclaration[] }

const GROUPS_OF_TESTS = new Set(['describe', 'suite'])

/** Faults of files and functions that are too large. */
export function sizeFaults(trees: readonly Tree[]): Fault[] {
  return trees.flatMap((tree) => [...faultsOfFile(tree), ...faultsOfFunctions(tree)])
}

function faultsOfFile({ path, text }: Tree): Fault[] {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
  if (lines <= FILE_LINES_MAX) return []
  return [{ rule: 'file-lines', path, subject: path, message: `has ${lines} lines, more than ${FILE_LINES_MAX}` }]
}

function faultsOfFunctions(tree: Tree): Fault[] {
  const faults: Fault[] = []
  walk(tree.root, (node) => {
    if (isFunction(node) && !isGroupOfTests(node)) faults.push(...faultsOfFunction(tree, node))
  })
  return faults
}

function faultsOfFunction(tree: Tree, node: FunctionNode): Fault[] {
  const first = lineOf(tree, node)
  const lines = tree.root.getLineAndCharacterOfPosition(node.end).line + 2 - first
  const about = { path: tree.path, subject: nameOf(node) }
  const found: Fault[] = []
  const start = `line ${first}: ${about.subject} has`
  if (lines > FUNCTION_LINES_MAX)
    found.push({
      ...about,
      rule: 'function-lines',
      message: `${start} ${lines} lines, more than ${FUNCTION_LINES_MAX}`,
    })
  const parameters = node.parameters.length
  if (parameters > PARAMETERS_MAX)
    found.push({
      ...about,
      rule: 'parameters',
      message: `${start} ${parameters} parameters, more than ${PARAMETERS_MAX}`,
    })
  return found
}

function isFunction(node: Node): node is FunctionNode {
  return (
    isFunctionDeclaration(node) ||
    isFunctionExpression(node) ||
    isArrowFunction(node) ||
    isMethodDeclaration(node) ||
    isConstructorDeclaration(node) ||
    isGetAccessorDeclaration(node) ||
    isSetAccessorDeclaration(node)
  )
}

function isGroupOfTests(node: Node): boolean {
  const { parent } = node
  return isCallExpression(parent) && isIdentifier(parent.expression) && GROUPS_OF_TESTS.has(parent.expression.text)
}

/** The name of a function, or of what it is given to: a variable, a property, a test's title, a call. */
function nameOf(node: FunctionNode): string {
  if (isConstructorDeclaration(node)) return 'constructor'
  if (node.name !== undefined) return node.name.getText()
  const { parent } = node
  if (isVariableDeclaration(parent) || isPropertyAssignment(parent) || isPropertyDeclaration(parent))
    return parent.name.getText()
  if (!isCallExpression(parent)) return 'a function'
  const title = parent.arguments[0]
  return title !== undefined && isStringLiteral(title)
    ? title.text
    : `a function given to ${parent.expression.getText()}`
}
