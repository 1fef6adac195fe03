/** How long something takes is measured with a clock that does not jump: the time of day may be set while it is waited for. */
import {
  isBinaryExpression,
  isCallExpression,
  isIdentifier,
  isNewExpression,
  isPropertyAccessExpression,
  type Node,
  SyntaxKind,
} from 'typescript/unstable/ast'
import { type Fault, isProduct, lineOf, partOf, type Tree, walk } from './sources.ts'

const COUNTS = new Set<SyntaxKind>([
  SyntaxKind.MinusToken,
  SyntaxKind.LessThanToken,
  SyntaxKind.LessThanEqualsToken,
  SyntaxKind.GreaterThanToken,
  SyntaxKind.GreaterThanEqualsToken,
])

/** Faults of the rule on durations: `Date.now() - then`, `clock.now() > until`, `new Date() - then`. */
export function clockFaults(trees: readonly Tree[]): Fault[] {
  return trees
    .filter(({ path }) => isProduct(path) || partOf(path) === 'bin')
    .flatMap((tree) => {
      const faults: Fault[] = []
      walk(tree.root, (node) => {
        if (!isBinaryExpression(node) || !COUNTS.has(node.operatorToken.kind)) return
        const subject = timeOfDay(node.left) ?? timeOfDay(node.right)
        if (subject === undefined) return
        const message = `line ${lineOf(tree, node)}: counts with ${subject}, which jumps: use performance.now() or clock.steady()`
        faults.push({ rule: 'clock', path: tree.path, subject, message })
      })
      return faults
    })
}

function timeOfDay(node: Node): string | undefined {
  if (isNewExpression(node) && isIdentifier(node.expression) && node.expression.text === 'Date')
    return node.arguments?.length ? undefined : 'new Date()'
  if (!isCallExpression(node)) return undefined
  const called = node.expression
  if (isIdentifier(called)) return called.text === 'now' ? 'now()' : undefined
  if (!isPropertyAccessExpression(called) || called.name.text !== 'now') return undefined
  const object = isIdentifier(called.expression) ? called.expression.text : '…'
  return object === 'performance' ? undefined : `${object}.now()`
}
