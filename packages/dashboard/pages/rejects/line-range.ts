/** Where a field stands in a line of JSON: its name and its value. Pure. */

/** From the first to behind the last character. */
export type LineRange = Readonly<{ from: number; to: number }>

/** The last key of this name that has a value, as the last one counts; `undefined` where the line has none. */
export function placeOf(raw: string, field: string | null): LineRange | undefined {
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

/** Behind the value that begins here. A line may have been cut off in the middle of it. */
function endOfValue(raw: string, from: number): number {
  const first = raw[from]
  if (first === '"') return endOfText(raw, from)
  if (first === '{' || first === '[') return endOfNest(raw, from)
  let at = from
  while (at < raw.length && !',}] \t'.includes(raw[at]!)) at++
  return at
}

function endOfText(raw: string, from: number): number {
  let at = from + 1
  while (at < raw.length && raw[at] !== '"') at += raw[at] === '\\' ? 2 : 1
  return Math.min(raw.length, at + 1)
}

function endOfNest(raw: string, from: number): number {
  let depth = 0
  for (let at = from; at < raw.length; at++) {
    const character = raw[at]!
    if (character === '"') at = endOfText(raw, at) - 1
    else if ('{['.includes(character)) depth++
    else if ('}]'.includes(character) && --depth === 0) return at + 1
  }
  return raw.length
}
