/** Names, titles and comments: what is written for people. */
import {
  isArrowFunction,
  isCallExpression,
  isClassDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isIdentifier,
  isNoSubstitutionTemplateLiteral,
  isPropertyAccessExpression,
  isStringLiteral,
  isVariableStatement,
  type Node,
  SyntaxKind,
} from 'typescript/unstable/ast'
import { type Fault, isProduct, lineOf, type Source, type Tree } from './sources.ts'

const SAYS_NOTHING = /^(utils?|helpers?|common|misc|lib)$/i

/** Files and folders whose name would fit any content. */
export function nameFaults(sources: readonly Source[]): Fault[] {
  return sources.flatMap(({ path }) => {
    const subject = path.split('/').find((name) => SAYS_NOTHING.test(name.replace(/\..*$/, '')))
    if (subject === undefined) return []
    return [{ rule: 'names', path, subject, message: `"${subject}" does not say what is in it` }]
  })
}

// Written so that this line is not found itself.
const UNFINISHED = /\b(TO\x44O|FIX\x4dE|X{3})\b/

/** Notes that something is not finished: it is finished, or it is an issue. */
export function unfinishedFaults(sources: readonly Source[]): Fault[] {
  return sources.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const subject = UNFINISHED.exec(line)?.[0]
      if (subject === undefined) return []
      return [
        { rule: 'unfinished', path, subject, message: `line ${index + 1}: ${subject}: finish it or open an issue` },
      ]
    }),
  )
}

/** Exported functions and classes of packages without a sentence above them. */
export function undocumentedFaults(trees: readonly Tree[]): Fault[] {
  return trees
    .filter(({ path }) => isProduct(path))
    .flatMap((tree) =>
      tree.root.statements.filter(isExportedCode).flatMap((node) => {
        if (hasDocComment(tree, node)) return []
        const subject = nameOf(node)
        const message = `line ${lineOf(tree, node)}: ${subject} is exported and has no /** sentence */ above it`
        return [{ rule: 'documented', path: tree.path, subject, message }]
      }),
    )
}

function isExportedCode(node: Node): boolean {
  if (isVariableStatement(node))
    return isExported(node) && node.declarationList.declarations.some(({ initializer }) => isFunctionValue(initializer))
  return (isFunctionDeclaration(node) || isClassDeclaration(node)) && isExported(node)
}

function isExported(node: { readonly modifiers?: readonly Node[] | undefined }): boolean {
  return node.modifiers?.some(({ kind }) => kind === SyntaxKind.ExportKeyword) === true
}

function isFunctionValue(node: Node | undefined): boolean {
  return node !== undefined && (isArrowFunction(node) || isFunctionExpression(node))
}

/** The comment that ends right above the statement; the one at the head of a file stands apart from its first statement. */
function hasDocComment(tree: Tree, node: Node): boolean {
  const above = tree.text.slice(node.pos, node.getStart(tree.root))
  return /\/\*\*(?:(?!\*\/)[\s\S])*\*\/[ \t]*\n?(?:[ \t]*\/\/.*\n)*[ \t]*$/.test(above)
}

function nameOf(node: Node): string {
  if (isVariableStatement(node)) return node.declarationList.declarations[0]?.name.getText() ?? ''
  return isFunctionDeclaration(node) || isClassDeclaration(node) ? (node.name?.text ?? 'the default export') : ''
}

const TESTS = new Set(['test', 'it'])
const GROUPS = new Set(['describe', 'suite'])

/** Titles that two tests of one file and group share: a report could not tell them apart. */
export function titleFaults(trees: readonly Tree[]): Fault[] {
  return trees.flatMap((tree) => {
    const seen = new Map<string, number>()
    const faults: Fault[] = []
    forEachTest(tree.root, '', (title, node) => {
      const line = lineOf(tree, node)
      const first = seen.get(title)
      if (first !== undefined)
        faults.push({
          rule: 'titles',
          path: tree.path,
          subject: title,
          message: `line ${line}: "${title}" is the title of the test on line ${first} too`,
        })
      seen.set(title, first ?? line)
    })
    return faults
  })
}

function forEachTest(node: Node, group: string, found: (title: string, node: Node) => void): void {
  const call = isCallExpression(node) ? titledCall(node.expression, node.arguments[0]) : undefined
  if (call !== undefined && TESTS.has(call.name)) found(`${group}${call.title}`, node)
  const inner = call !== undefined && GROUPS.has(call.name) ? `${group}${call.title} › ` : group
  node.forEachChild((child) => {
    forEachTest(child, inner, found)
  })
}

function titledCall(callee: Node, title: Node | undefined): { name: string; title: string } | undefined {
  const named = isPropertyAccessExpression(callee) ? callee.expression : callee
  if (!isIdentifier(named) || title === undefined) return undefined
  if (!isStringLiteral(title) && !isNoSubstitutionTemplateLiteral(title)) return undefined
  return { name: named.text, title: title.text }
}
