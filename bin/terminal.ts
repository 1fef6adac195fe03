/** Where results and messages go: results to stdout, everything else to stderr; colour only on a terminal. */
import { styleText } from 'node:util'

export type Style = Parameters<typeof styleText>[0]

/** How a command was asked to print. */
export type Manner = Readonly<{ json?: boolean; quiet?: boolean }>

export type Terminal = Readonly<{
  manner: Manner
  /** Whether a person watches stderr, so that progress may be drawn. */
  isLive: boolean
  /** A line of the result, for people; nothing with --json. */
  say: (line: string) => void
  /** The line that sums up, for people: also with --quiet. */
  sum: (line: string) => void
  /** A record of the result, for programs; nothing without --json. */
  record: (record: Readonly<{ type: 'file' | 'summary' | 'error'; [field: string]: unknown }>) => void
  /** A line for people that is not the result. */
  note: (line: string) => void
  style: (style: Style, text: string) => string
}>

/** The terminal of this process. */
export function terminalOf(manner: Manner): Terminal {
  return {
    manner,
    isLive: process.stderr.isTTY === true && !manner.json && !manner.quiet,
    say: (line) => {
      if (!manner.json && !manner.quiet) process.stdout.write(`${line}\n`)
    },
    sum: (line) => {
      if (!manner.json) process.stdout.write(`${line}\n`)
    },
    record: (record) => {
      if (manner.json && (!manner.quiet || record.type !== 'file')) process.stdout.write(`${JSON.stringify(record)}\n`)
    },
    note: (line) => {
      if (!manner.quiet) process.stderr.write(`${line}\n`)
    },
    style: (style, text) => styleText(style, text, { stream: process.stdout }),
  }
}

/** A reader of our output that goes away (`splitcart … | head`) ends us quietly. */
export function endWhenNobodyReads(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      process.exit(0)
    })
}

// One Ctrl-C comes twice: from the terminal, and from npm or the launcher, which pass it on.
const SAME_WISH_MS = 500

/** A signal that aborts when the process is asked to stop; asked a second time, it stops at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController()
  let askedAt = 0
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      if (!stop.signal.aborted) askedAt = performance.now()
      else if (performance.now() - askedAt > SAME_WISH_MS) process.exit(130)
      stop.abort()
    })
  return stop.signal
}
