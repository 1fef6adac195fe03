/** The Nodes that the project names: which packages they come in, and the one that is here. */

type Nodes = Readonly<{ pinnedNode: () => string | undefined; PROGRAMS: Readonly<Record<string, string>> }>

// Plain JavaScript, so that an old Node can read it; it has no types.
const nodes: Nodes = await import(new URL('../bin/pinned-node.js', import.meta.url).href)

/** A program of Node for each system, by its package. */
export const NODE_PROGRAMS = nodes.PROGRAMS

/** The Node of this machine that is pinned. */
export function ownNode(): string {
  const node = nodes.pinnedNode()
  if (node === undefined) throw new Error('There is no pinned Node for this machine; run: npm ci')
  return node
}
