/**
 * Reads a settings file as people and their editors write it: `NAME=value`, one per line. Unreadable lines are reported
 * by number. No value is ever part of a message: it may be a key.
 */
import { parseEnv } from 'node:util'

/** The settings in a file; `faults` make it unusable, `remarks` are about lines without effect. */
export type EnvFile = Readonly<{
  values: Readonly<Record<string, string>>
  faults: readonly string[]
  remarks: readonly string[]
}>

// `set X=…` of the Windows command line and `$env:X=…` of PowerShell are accepted like `X=…`.
const SHELL_PREFIX = /^\s*(?:set\s+|\$env:\s*|export\s+)/i
const QUOTED_SET = /^\s*set\s+"(?<assignment>\w+=[^"]*)"\s*$/i
const LINE = /^\s*(?<quote>["']?)(?<name>\w+)\k<quote>\s*(?<sign>[=:]?)\s*(?<rest>.*?)\s*$/
const QUOTED = /^(?:"[^"]*"|'[^']*'|`[^`]*`)/
const OPEN_QUOTE = /^["'`]/
const BARE_KEY = /^\s*["']?splitcart_\w+["']?\s*$/
const TYPING_ERRORS_MAX = 2

// Settings that common advice names but that have no effect here, and what to use instead.
const ALTERNATIVES: Readonly<Record<string, string>> = {
  NODE_EXTRA_CA_CERTS: 'API_SERVER_CA names the certificates of an own CA',
  NODE_USE_ENV_PROXY: 'HTTPS_PROXY alone is enough',
  NODE_OPTIONS: 'options of Node belong into the environment',
  NODE_TLS_REJECT_UNAUTHORIZED: 'certificates are always checked; API_SERVER_CA names those of an own CA',
}

/** Parses the bytes of a file. Only the given names are read. */
export function readEnvFile(bytes: Buffer, names: readonly string[]): EnvFile {
  const text = decodeText(bytes)
  if (text.includes('\0'))
    return { values: {}, faults: ['it is no text in UTF-8; save it once more, as UTF-8'], remarks: [] }
  const lines = text.split(/\r\n|\n|\r/).map((line) => withoutPrefix(line, names))
  const parsed = parseEnv(lines.join('\n'))
  const values: Record<string, string> = {}
  // The value of a faulty line is dropped: later messages about an invalid value could show it.
  const faulty = new Set(
    lines.filter((line) => lineFault(line, names) !== undefined).map((line) => lineParts(line).name),
  )
  for (const name of names) if (Object.hasOwn(parsed, name) && !faulty.has(name)) values[name] = parsed[name] ?? ''
  const numbered = lines.map((line, index) => ({ line, at: `line ${index + 1}` }))
  const tell = (judge: (line: string, names: readonly string[]) => string | undefined) =>
    numbered.flatMap(({ line, at }) => {
      const said = judge(line, names)
      return said === undefined ? [] : [`${at}: ${said}`]
    })
  return { values, faults: tell(lineFault), remarks: [...tell(lineRemark), ...repeatedNames(numbered, names)] }
}

/** Decodes UTF-8, or UTF-16 by its byte order mark; the mark is removed. */
export function decodeText(bytes: Buffer): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return bytes.subarray(2).toString('utf16le')
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes.subarray(2))
  return new TextDecoder().decode(bytes)
}

function withoutPrefix(line: string, names: readonly string[]): string {
  const { assignment = line.replace(SHELL_PREFIX, '') } = QUOTED_SET.exec(line)?.groups ?? {}
  return names.includes(lineParts(assignment).name.toUpperCase()) ? assignment : line
}

type LineParts = Readonly<{ name: string; sign: string; rest: string }>

function lineParts(line: string): LineParts {
  const { name = '', sign = '', rest = '' } = LINE.exec(line)?.groups ?? {}
  return { name, sign, rest }
}

function lineFault(line: string, names: readonly string[]): string | undefined {
  if (BARE_KEY.test(line)) return 'a key stands here without API_SECRET_KEY= before it'
  const { name, sign, rest } = lineParts(line)
  const meant = name.toUpperCase()
  if (!names.includes(meant)) return undefined
  // A name of one word, such as host, may belong to another program, so it is not reported.
  if (name !== meant) return name.includes('_') && sign !== '' ? `${name} is written in capitals: ${meant}` : undefined
  if (sign !== '=') return `${name} needs = between name and value`
  const quoted = QUOTED.exec(rest)?.[0] ?? ''
  const after = rest.slice(quoted.length)
  const second = names.find((other) => new RegExp(`(?:^|[\\s;,&])${other}\\s*=`).test(after.replace(/\s#.*$/, '')))
  if (second !== undefined) return `two settings stand in one line; put ${second} into a line of its own`
  return quoted === '' ? unquotedFault(rest) : undefined
}

function unquotedFault(value: string): string | undefined {
  if (OPEN_QUOTE.test(value)) return 'the quotation mark is not closed in its line'
  if (/[^\s]#/.test(value.replace(/\s#.*$/, ''))) return '# begins a comment; put the value into quotation marks'
  return value.includes('\ufffd') ? 'the value is not in UTF-8; save the file once more, as UTF-8' : undefined
}

function lineRemark(line: string, names: readonly string[]): string | undefined {
  const { name, sign } = lineParts(line.replace(SHELL_PREFIX, ''))
  if (sign !== '=' || names.includes(name.toUpperCase())) return undefined
  const instead = Object.hasOwn(ALTERNATIVES, name) ? ALTERNATIVES[name] : undefined
  if (/^PG[A-Z]+$/.test(name)) return `${name} has no effect here; put it into the environment, or into DATABASE_URL`
  if (instead !== undefined) return `${name} has no effect here; ${instead}`
  const close = names.find((other) => isClose(name.toUpperCase(), other))
  return close === undefined ? undefined : `${name} is no setting of splitcart; is ${close} meant?`
}

function repeatedNames(lines: readonly { line: string; at: string }[], names: readonly string[]): string[] {
  const seen = new Set<string>()
  return lines.flatMap(({ line, at }) => {
    const { name, sign } = lineParts(line)
    if (sign !== '=' || !names.includes(name)) return []
    const isSeen = seen.has(name)
    seen.add(name)
    return isSeen ? [`${at}: ${name} stands here once more; the last one counts`] : []
  })
}

/** Whether the edit distance (omitted, added, swapped or mistyped letters) of two texts is small. */
function isClose(one: string, other: string): boolean {
  if (other.length < 8 || Math.abs(one.length - other.length) > TYPING_ERRORS_MAX) return false
  let before = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let row = 1; row <= one.length; row++) {
    const costs = [row]
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1]
      const least = Math.min(before[column]!, costs[column - 1]!, before[column - 1]!)
      costs.push(isSame ? before[column - 1]! : least + 1)
    }
    before = costs
  }
  return before[other.length]! <= TYPING_ERRORS_MAX
}
