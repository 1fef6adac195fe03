/** Page and code agree: every name of the glossary stands where it says, and no name that it has given up is used. */
import { isIdentifier } from 'typescript/unstable/ast'
import { type Fault, lineOf, type Source, type Tree, walk } from './sources.ts'

const GLOSSARY = 'docs/glossary.md'
const AT_HOME = /^\| ([^|]+) \| [^|]+ \| `(\w+)` in `([^`]+)` \|$/
const GIVEN_UP = /^\| ((?:`\w+`(?:, )?)+) \| /

/** Faults of the glossary, and of the names of all code. */
export function glossaryFaults(sources: readonly Source[], trees: readonly Tree[]): Fault[] {
  const text = sources.find(({ path }) => path === GLOSSARY)?.text
  if (text === undefined) return []
  const lines = text.split('\n')
  const texts = new Map(sources.map(({ path, text }) => [path, text]))
  const homeless = lines.flatMap((line) => {
    const [, word = '', name = '', path = ''] = AT_HOME.exec(line) ?? []
    if (word === '' || new RegExp(`\\b${name}\\b`).test(texts.get(path) ?? '')) return []
    return [{ rule: 'glossary', path: GLOSSARY, subject: word, message: `${name} does not stand in ${path}` }]
  })
  return [...homeless, ...namesGivenUp(lines, trees)]
}

function namesGivenUp(lines: readonly string[], trees: readonly Tree[]): Fault[] {
  const names = new Set(lines.flatMap((line) => GIVEN_UP.exec(line)?.[1]?.match(/\w+/g) ?? []))
  const faults: Fault[] = []
  for (const tree of trees)
    walk(tree.root, (node) => {
      if (!isIdentifier(node) || !names.has(node.text)) return
      const message = `line ${lineOf(tree, node)}: ${node.text} has another name by now: ${GLOSSARY}`
      faults.push({ rule: 'glossary', path: tree.path, subject: node.text, message })
    })
  return faults
}
