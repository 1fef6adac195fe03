/**
 * Output of the commands: results go to stdout, everything else to stderr; colour only on a terminal.
 *
 * Names, reasons and rows are untrusted input. So each line or record is printed as one line, control characters, which
 * could draw on the terminal or forge a line, are escaped, and keys are masked. This is done here, so that no command
 * can omit it.
 */
import { styleText } from 'node:util'
import { escapeJsonControls } from '@splitcart/shared/controls.ts'
import { maskKeys } from '@splitcart/shared/mask-keys.ts'
import { escapeControls, safeToPrint } from './format.ts'

export type Style = Parameters<typeof styleText>[0]

/** A style for the first `length` characters of a line. */
export type LineStyle = Readonly<{ style: Style; length: number }>

/** The output flags of a command. */
export type OutputOptions = Readonly<{ json?: boolean; quiet?: boolean }>

/** A line of the JSON Lines output. Times are ISO 8601 in UTC. Lists end with a record of type `summary`. */
export type OutputRecord = Readonly<{ type: RecordType; [field: string]: unknown }>

/** Types of records. */
type RecordType =
  | 'file'
  | 'key'
  | 'audit'
  | 'change'
  | 'product'
  | 'pair'
  | 'verdict'
  | 'suspect'
  | 'merge'
  | 'finding'
  | 'belief'
  | 'attention'
  | 'check'
  | 'receiver'
  | 'condition'
  | 'ticked'
  | 'notice'
  | 'summary'
  | 'error'

export type Terminal = Readonly<{
  manner: OutputOptions
  /** Whether stderr is a terminal without --json and --quiet, so that progress may be drawn. */
  isLive: boolean
  /** A line of the result, for people; nothing with --json. Its first `length` characters may have a style. */
  say: (line: string, mark?: LineStyle) => void
  /** The summary line for people; also printed with --quiet. */
  summarize: (line: string) => void
  /** A record of the result, for programs; nothing without --json. */
  record: (record: OutputRecord) => void
  /** Prints a new key, unmasked, only this once: a line for people, or a record with --json. */
  reveal: (line: string, record?: OutputRecord) => void
  /** A line for people that is not the result. */
  note: (line: string) => void
}>

/**
 * A record with field names as in the API, `rejected_rows`; until 1.0 the former names, `rejectedRows`, are kept, too.
 * Only top-level names are converted: nested values come from the API, or from files.
 */
function withSnakeCaseNames(record: OutputRecord): OutputRecord {
  const named = Object.entries(record).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value,
  ])
  return { ...record, ...Object.fromEntries(named) }
}

/** The terminal of this process. */
export function terminalOf(manner: OutputOptions): Terminal {
  return {
    manner,
    isLive: process.stderr.isTTY === true && !manner.json && !manner.quiet,
    say: (line, mark) => {
      if (!manner.json && !manner.quiet) process.stdout.write(`${styled(line, mark)}\n`)
    },
    summarize: (line) => {
      if (!manner.json) process.stdout.write(`${safeToPrint(line)}\n`)
    },
    record: (record) => {
      if (manner.json && (!manner.quiet || (record.type !== 'file' && record.type !== 'check')))
        process.stdout.write(`${escapeJsonControls(maskKeys(JSON.stringify(withSnakeCaseNames(record))))}\n`)
    },
    reveal: (line, record) => {
      if (!manner.json) process.stdout.write(`${escapeControls(line)}\n`)
      else if (record !== undefined) process.stdout.write(`${escapeJsonControls(JSON.stringify(record))}\n`)
    },
    note: (line) => {
      if (!manner.quiet) process.stderr.write(`${safeToPrint(line)}\n`)
    },
  }
}

function styled(line: string, mark: LineStyle | undefined): string {
  if (mark === undefined) return safeToPrint(line)
  const head = styleText(mark.style, safeToPrint(line.slice(0, mark.length)), { stream: process.stdout })
  return head + safeToPrint(line.slice(mark.length))
}

/** Ends the process quietly when the reader of its output closes the pipe (`splitcart … | head`). */
export function endWhenNobodyReads(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      process.exit(0)
    })
}

// One Ctrl-C arrives twice: from the terminal, and from npm or the launcher, which forward it.
const SAME_SIGNAL_MS = 500

/** A signal that aborts when the process is asked to stop; asked a second time, it stops at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController()
  let askedAt = 0
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      if (!stop.signal.aborted) askedAt = performance.now()
      else if (performance.now() - askedAt > SAME_SIGNAL_MS) process.exit(130)
      stop.abort()
    })
  return stop.signal
}
