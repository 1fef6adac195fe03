/** The log: one line of JSON an event, on stderr, with a constant message and everything that varies in fields. */
import { type Logger, pino } from 'pino'

export type Log = Logger

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const

/** Opens a log that writes to a file descriptor (2 is stderr). Lines are written at once: a killed process loses none. */
export function openLog(level: (typeof LOG_LEVELS)[number], fileDescriptor = 2): Log {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: named } }
  const destination = pino.destination({ dest: fileDescriptor, sync: true })
  return pino(options, { write: (line) => void destination.write(asciiControls(line)) })
}

// What JSON allows as it is, and terminals may obey: the controls from U+007F on, line separators, and what turns the direction of text.
const CONTROLS = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** JSON with every control character escaped. */
export function asciiControls(json: string): string {
  return json.replace(CONTROLS, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function named(label: string): { level: string } {
  return { level: label }
}
