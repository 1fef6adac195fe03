/** The small changes that can be made in a file: what a slip of the hand would do, and a test should notice. */
import { parseSync } from 'vite'

export type Kind = 'comparison' | 'condition' | 'await' | 'call'

/** `text` takes the place of what stands from `start` to `end`; `before` is that. */
export type Change = Readonly<{
  path: string
  kind: Kind
  line: number
  start: number
  end: number
  before: string
  text: string
}>

type Node = Readonly<{ type: string; start: number; end: number } & Record<string, unknown>>
type Edit = Readonly<{ kind: Kind; start: number; end: number; text: string }>

const OTHER_OPERATOR: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '&&': '||',
  '||': '&&',
}
const COMPARISONS = new Set(['BinaryExpression', 'LogicalExpression'])
const CONDITIONS = new Set(['IfStatement', 'ConditionalExpression', 'WhileStatement'])
const GUARDS = new Set(['TryStatement', 'ForOfStatement'])
const SHOWN_MAX = 70

/** Every change of a file, in the order of its text. */
export function changesOf(path: string, source: string): Change[] {
  const { program, errors } = parseSync(path, source)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`)
  const edits: Edit[] = []
  const idle = idleAwaits(program)
  walk(program, (node) => {
    if (!idle.has(node.start)) edits.push(...editsOf(node, source))
  })
  return edits
    .sort((one, other) => one.start - other.start || one.end - other.end)
    .map((edit) => ({ ...edit, path, line: lineAt(source, edit.start), before: source.slice(edit.start, edit.end) }))
}

/** The source with the change made. */
export function changed(source: string, { start, end, text }: Change): string {
  return source.slice(0, start) + text + source.slice(end)
}

/** A change as a line for people. */
export function describe({ path, kind, line, before, text }: Change): string {
  const short = before.replace(/\s+/g, ' ')
  return `${path}:${line} ${kind}: ${short.length > SHOWN_MAX ? `${short.slice(0, SHOWN_MAX)}…` : short} → ${text || 'nothing'}`
}

function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'
}

function walk(value: unknown, look: (node: Node) => void): void {
  if (Array.isArray(value)) for (const each of value) walk(each, look)
  if (!isNode(value)) return
  look(value)
  for (const each of Object.values(value)) walk(each, look)
}

/**
 * Where an `await` changes nothing: what is yielded is awaited in any case, and so is what is returned, by who called, unless a `try`,
 * a `using` or a loop around it has something to do at its end.
 */
function idleAwaits(program: unknown): Set<number> {
  const [idle, guards, returned]: [Set<number>, Node[], Node[]] = [new Set(), [], []]
  walk(program, (node) => {
    if (GUARDS.has(node.type) || hasUsing(node)) guards.push(node)
    const awaited = (node.type === 'ArrowFunctionExpression' ? node.body : node.argument) as Node | undefined
    if (awaited?.type !== 'AwaitExpression') return
    if (node.type === 'YieldExpression') idle.add(awaited.start)
    if (node.type === 'ReturnStatement' || node.type === 'ArrowFunctionExpression') returned.push(awaited)
  })
  for (const { start } of returned)
    if (!guards.some((guard) => guard.start <= start && start < guard.end)) idle.add(start)
  return idle
}

function hasUsing({ body }: Node): boolean {
  return Array.isArray(body) && body.some((each) => isNode(each) && /using$/.test(String(each.kind ?? '')))
}

function editsOf(node: Node, source: string): Edit[] {
  if (COMPARISONS.has(node.type)) return operatorEdits(node, source)
  if (CONDITIONS.has(node.type)) return conditionEdits(node.test as Node)
  if (node.type === 'AwaitExpression')
    return [{ kind: 'await', start: node.start, end: (node.argument as Node).start, text: '' }]
  if (node.type === 'ExpressionStatement' && isCall(node.expression as Node))
    return [{ kind: 'call', start: node.start, end: (node.expression as Node).end, text: 'void 0' }]
  return []
}

function operatorEdits({ left, right, operator }: Node, source: string): Edit[] {
  const text = OTHER_OPERATOR[operator as string]
  if (text === undefined) return []
  const start = source.indexOf(operator as string, (left as Node).end)
  if (start > (right as Node).start) throw new Error(`There is no ${operator} where one was read.`)
  return [{ kind: 'comparison', start, end: start + (operator as string).length, text }]
}

/** As if it always held, and as if it never did. */
function conditionEdits({ type, start, end }: Node): Edit[] {
  if (type === 'Literal') return []
  return ['true', 'false'].map((text) => ({ kind: 'condition', start, end, text }))
}

function isCall(node: Node): boolean {
  return node.type === 'AwaitExpression' ? isCall(node.argument as Node) : node.type === 'CallExpression'
}
