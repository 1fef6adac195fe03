/**
 * Promises that nobody awaits: a statement that is one, and a condition that asks whether one is there, which it always is. No test can be
 * relied on to notice them, because most often the work is done in time all the same. The compiler says what is a promise.
 */
import { join, relative, sep } from 'node:path'
import {
  isAwaitExpression,
  isBinaryExpression,
  isCallExpression,
  isConditionalExpression,
  isExpressionStatement,
  isIdentifier,
  isIfStatement,
  isPrefixUnaryExpression,
  isPropertyAccessExpression,
  isVoidExpression,
  isWhileStatement,
  type Node,
  SyntaxKind,
} from 'typescript/unstable/ast'
import { API, type Checker, type Project, type Type, TypeFlags } from 'typescript/unstable/sync'
import { type Fault, lineOf, type Tree, walk } from './sources.ts'
import { sentenceOf } from './tidy.ts'

const PROMISES = new Set(['Promise', 'PromiseLike'])
const KEEPING = new Set([SyntaxKind.EqualsToken, SyntaxKind.QuestionQuestionEqualsToken])
const EQUALITY = new Set([SyntaxKind.EqualsEqualsEqualsToken, SyntaxKind.ExclamationEqualsEqualsToken])
const CHOICE = new Set([SyntaxKind.AmpersandAmpersandToken, SyntaxKind.BarBarToken, SyntaxKind.QuestionQuestionToken])
// How many handlers each takes until a rejection is handled.
const HANDLERS = new Map([
  ['catch', 1],
  ['then', 2],
])
// The runner of tests awaits them.
const TESTS = new Set(['test', 'describe', 'before', 'after', 'beforeEach', 'afterEach'])
const SUBJECT_MAX = 60

type Suspect = Readonly<{ node: Node; kind: 'statement' | 'condition' }>

/** The faults of a project, by the path of its `tsconfig.json`. */
export function promiseFaults(config: string): Fault[] {
  const root = join(config, '..')
  const api = new API({ cwd: root })
  try {
    using snapshot = api.updateSnapshot({ openProjects: [config] })
    const project = snapshot.getProject(config)
    if (project === undefined) throw new Error(`The compiler did not read ${config}.`)
    return treesIn(project, root).flatMap((tree) => promiseFaultsOf(tree, project.checker))
  } finally {
    api.close()
  }
}

function treesIn({ program }: Project, root: string): Tree[] {
  return program.getSourceFileNames().flatMap((name) => {
    const path = relative(root, name).replaceAll(sep, '/')
    if (path.startsWith('..') || /(^|\/)node_modules\/|\.d\.ts$|^[a-z]+:/.test(path)) return []
    const tree = program.getSourceFile(name)
    return tree === undefined ? [] : [{ path, text: tree.text, root: tree }]
  })
}

/** The faults of one file of a project. */
export function promiseFaultsOf(tree: Tree, checker: Checker): Fault[] {
  const suspects: Suspect[] = []
  walk(tree.root, (node) => suspects.push(...suspectsIn(node)))
  if (suspects.length === 0) return []
  const types = checker.getTypeAtLocation(suspects.map(({ node }) => node))
  return suspects.flatMap(({ node, kind }, index) => {
    const type = types[index]
    if (type === undefined || !isPromise(type, kind)) return []
    const text = node.getText(tree.root).replace(/\s+/g, ' ')
    const subject = text.length > SUBJECT_MAX ? `${text.slice(0, SUBJECT_MAX)}…` : text
    const what = kind === 'statement' ? 'a promise that nobody awaits' : 'a promise, which is always there'
    return [{ rule: 'promises', path: tree.path, subject, message: `line ${lineOf(tree, node)}: ${what}` }]
  })
}

function suspectsIn(node: Node): Suspect[] {
  if (isExpressionStatement(node))
    return isHandled(node.expression) ? [] : [{ node: node.expression, kind: 'statement' }]
  const condition = conditionIn(node)
  return condition === undefined ? [] : [{ node: condition, kind: 'condition' }]
}

function conditionIn(node: Node): Node | undefined {
  if (isIfStatement(node) || isWhileStatement(node)) return node.expression
  if (isConditionalExpression(node)) return node.condition
  if (isPrefixUnaryExpression(node)) return node.operand
  if (!isBinaryExpression(node)) return undefined
  const { left, operatorToken, right } = node
  const withNothing = (isIdentifier(right) && right.text === 'undefined') || right.kind === SyntaxKind.NullKeyword
  return CHOICE.has(operatorToken.kind) || (EQUALITY.has(operatorToken.kind) && withNothing) ? left : undefined
}

/** Awaited, set aside with `void`, kept, or with a handler of its rejection. */
function isHandled(node: Node): boolean {
  if (isAwaitExpression(node) || isVoidExpression(node)) return true
  if (isBinaryExpression(node)) return KEEPING.has(node.operatorToken.kind)
  if (!isCallExpression(node)) return false
  const { expression: called, arguments: given } = node
  if (isIdentifier(called)) return TESTS.has(called.text)
  if (!isPropertyAccessExpression(called)) return false
  if (called.name.text === 'finally') return isHandled(called.expression)
  return given.length >= (HANDLERS.get(called.name.text) ?? Number.POSITIVE_INFINITY)
}

/**
 * What may be a promise must not stand alone. A condition may ask whether a promise is there, and nothing else of it: what is a promise in any
 * case, or may be one or a value, is to be awaited first.
 */
function isPromise(type: Type, kind: Suspect['kind']): boolean {
  const parts = type.isUnionType() ? type.getTypes() : [type]
  const values = parts.filter((part) => !isOne(part))
  if (values.length === parts.length) return false
  return kind === 'statement' || values.length === 0 || !values.every(isNothing)
}

function isOne(type: Type): boolean {
  return type.isObjectType() && PROMISES.has(type.getSymbol()?.name ?? '')
}

function isNothing({ flags }: Type): boolean {
  return (flags & (TypeFlags.Undefined | TypeFlags.Null)) !== 0
}

if (import.meta.main) {
  const faults = promiseFaults(join(import.meta.dirname, '../tsconfig.json'))
  for (const fault of faults) process.stdout.write(`${sentenceOf(fault)}\n`)
  process.exitCode = faults.length === 0 ? 0 : 1
}
