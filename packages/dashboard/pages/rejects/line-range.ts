/** Finds a field, its name and its value, in a line of JSON. Pure. */

/** A range of characters; `to` is exclusive. */
export type LineRange = Readonly<{ from: number; to: number }>

/** The range of the last key with this name and its value (in JSON the last one counts); undefined if there is none. */
export function lineRangeOf(raw: string, field: string | null): LineRange | undefined {
  const name = field?.split('.').at(-1)
  if (name === undefined || name === '') return undefined
  const key = JSON.stringify(name)
  let found: LineRange | undefined
  for (let from = raw.indexOf(key); from >= 0; from = raw.indexOf(key, from + key.length)) {
    const colon = skipSpace(raw, from + key.length)
    if (raw[colon] !== ':') continue
    found = { from, to: endOfValue(raw, skipSpace(raw, colon + 1)) }
  }
  return found
}

function skipSpace(raw: string, from: number): number {
  let at = from
  while (/\s/.test(raw[at] ?? '')) at++
  return at
}

/** The index after the value that begins at `from`. The line may be truncated within the value. */
function endOfValue(raw: string, from: number): number {
  const first = raw[from]
  if (first === '"') return endOfText(raw, from)
  if (first === '{' || first === '[') return endOfNested(raw, from)
  let at = from
  while (at < raw.length && !',}] \t'.includes(raw[at]!)) at++
  return at
}

function endOfText(raw: string, from: number): number {
  let at = from + 1
  while (at < raw.length && raw[at] !== '"') at += raw[at] === '\\' ? 2 : 1
  return Math.min(raw.length, at + 1)
}

function endOfNested(raw: string, from: number): number {
  let depth = 0
  for (let at = from; at < raw.length; at++) {
    const character = raw[at]!
    if (character === '"') at = endOfText(raw, at) - 1
    else if ('{['.includes(character)) depth++
    else if ('}]'.includes(character) && --depth === 0) return at + 1
  }
  return raw.length
}
