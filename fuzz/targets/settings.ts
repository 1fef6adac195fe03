/**
 * The settings: a line each, `NAME=value`. Read all at once they are what each of them is by itself, and no fault shows a secret. As a
 * file they are the same in every encoding and with every line end, and nothing said of it shows a value.
 */
import { Problem } from '@splitcart/shared/problem.ts'
import { readSettings, SETTINGS, type SettingName } from '@splitcart/shared/settings.ts'
import { type EnvFile, readEnvFile } from '../../bin/env-file.ts'
import type { Target } from '../target.ts'

type Texts = Record<string, string>

const NAMES = Object.keys(SETTINGS) as SettingName[]
const WORDS = [
  ...NAMES.map((name) => `${name}=`),
  '\n',
  '0',
  '65536',
  '1e3',
  '0x10',
  '.5',
  '1.0',
  '500k',
  '2M',
  '-1',
  ' ',
  'http://',
  'https://a:b@c',
  'sqlite:',
  'postgres://u:secret@h/',
  '127.0.0.1',
  '::1',
  '10.0.0.0/8',
  'info',
  'true',
  '9007199254740993',
  '\u0663',
  '\ufeff',
  '\r',
  '#',
  '"',
  'set ',
  '$env:',
  'export ',
  ': ',
  'api_server_url=',
  'API_SERVER_ULR=',
  'splitcart_0123456789_abcdefghijklmnopqrstuvwxyz0123456789AB',
]
const DEFAULTS: Readonly<Record<string, unknown>> = readSettings({})

function read(input: Buffer): Texts {
  const texts: Texts = {}
  for (const line of input.toString('utf8').split('\n')) {
    const [name = '', ...value] = line.split('=')
    if ((NAMES as readonly string[]).includes(name)) texts[name] = value.join('=')
  }
  return texts
}

/** The values that differ from the defaults, or the names of the faulty settings; and what is said of them. */
function answerOfAll(texts: Texts): { values?: Record<string, unknown>; faulty?: string[]; said?: string } {
  try {
    const all = Object.entries(readSettings(texts))
    return { values: Object.fromEntries(all.filter(([name, value]) => !isEqual(value, DEFAULTS[name]))) }
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'settings_invalid') throw error
    return { faulty: namesIn(error.detail), said: error.detail }
  }
}

function namesIn(detail: string): string[] {
  const found = detail.split('\n').map((line) => /^ {2}([A-Z_]+): expected /.exec(line)?.[1])
  return found.filter((name) => name !== undefined).sort()
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function faultOf(input: Buffer, given: string): string | undefined {
  const ofFile = faultOfFile(input.toString('utf8'))
  if (ofFile !== undefined) return ofFile
  const texts = read(input)
  const { values, faulty, said = '' } = JSON.parse(given) as ReturnType<typeof answerOfAll>
  const alone = Object.entries(texts).map(([name, value]) => answerOfAll({ [name]: value }))
  const expected = alone.flatMap((each) => each.faulty ?? []).sort()
  if (!isEqual(faulty ?? [], expected))
    return `it names ${faulty ?? 'nothing'}, one by one these are faulty: ${expected}`
  const secret = NAMES.find((name) => 'secret' in SETTINGS[name] && isTold(name, texts, said))
  if (secret !== undefined) return `it tells ${secret}`
  if (values === undefined) return undefined
  const sum = Object.assign({}, ...alone.map((each) => each.values))
  if (!isEqual(sorted(values), sorted(sum)))
    return `it reads ${JSON.stringify(values)}, one by one ${JSON.stringify(sum)}`
  return faultOfNumbers(texts, values)
}

function faultOfFile(text: string): string | undefined {
  const plain = readEnvFile(Buffer.from(text), NAMES)
  if (Object.keys(plain.values).some((name) => !NAMES.includes(name as SettingName))) return 'it takes a name of others'
  const shown = Object.entries(plain.values).find(([, value]) => value.length > 12 && isSaid(plain, value))
  if (shown !== undefined) return `what is said of the file shows ${shown[0]}`
  const marked = Buffer.from(`\ufeff${text}`, 'utf16le')
  for (const [how, bytes] of [
    ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`)],
    ['UTF-16 little end first', marked],
    ['UTF-16 big end first', Buffer.from(marked).swap16()],
    ['line ends of Windows', Buffer.from(text.replaceAll(/\r\n|\r|\n/g, '\r\n'))],
    ['line ends of old Macs', Buffer.from(text.replaceAll(/\r\n|\r|\n/g, '\r'))],
  ] as const)
    if (!isEqual(readEnvFile(bytes, NAMES), plain)) return `it is read otherwise in ${how}`
  return undefined
}

// A name is told, and so are the words of a fault.
function isSaid({ faults, remarks }: EnvFile, value: string): boolean {
  const said = [...faults, ...remarks].map((line) => line.replaceAll(/[A-Za-z_]\w*(?= (?:is|needs|stands|has))/g, ''))
  return said.some((line) => line.includes(value)) && !/^[a-z =;,-]*$/i.test(value)
}

// A short text may be a part of any sentence, and one that stands in another setting too is no secret.
function isTold(name: string, { [name]: secret, ...others }: Texts, said: string): boolean {
  if (secret === undefined || secret.length <= 12) return false
  return said.includes(secret) && !Object.values(others).some((other) => other.includes(secret))
}

/** A number that was read is the number that was written. */
function faultOfNumbers(texts: Texts, values: Record<string, unknown>): string | undefined {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== 'number') continue
    const text = texts[name] ?? ''
    const isRate = /^\d+[kKmM]$/.test(text)
    if (!isRate && (value !== Number(text) || !/^[\d.]+$/.test(text))) return `${name}=${text} is read as ${value}`
    if (name === 'PORT' && value > 65535) return `${value} is no port`
  }
  return undefined
}

function sorted(values: Record<string, unknown>): unknown {
  return Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1))
}

export function settings(): Target {
  return {
    about: 'the settings, against each of them read alone; no fault shows a secret',
    bytesMax: 600,
    words: WORDS,
    answer: (input) => JSON.stringify(answerOfAll(read(input))),
    faultOf,
    kindOf: (given) => {
      const { values, faulty } = JSON.parse(given) as ReturnType<typeof answerOfAll>
      const [first = ''] = faulty ?? Object.keys(values ?? {})
      return `${faulty !== undefined} ${first}`
    },
    // A port that is too large is taken.
    withMistake: (input, given) => {
      const { PORT = '' } = read(input)
      return /^\d{5}$/.test(PORT) && Number(PORT) > 65535 ? JSON.stringify({ values: { PORT: Number(PORT) } }) : given
    },
    msMax: 200,
  }
}
