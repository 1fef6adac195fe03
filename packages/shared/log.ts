/** The log: one line of JSON an event, on stderr, with a constant message and everything that varies in fields. */
import { type Logger, pino } from 'pino'

export type Log = Logger

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const

/** Opens a log that writes to a file descriptor (2 is stderr). Lines are written at once: a killed process loses none. */
export function openLog(level: (typeof LOG_LEVELS)[number], fileDescriptor = 2): Log {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: named } }
  return pino(options, pino.destination({ dest: fileDescriptor, sync: true }))
}

function named(label: string): { level: string } {
  return { level: label }
}
