/** The log on stderr: one line of JSON per event, a constant message, variable data in fields, API keys masked. */
import { type Logger, pino } from 'pino'
import { escapeJsonControls } from './controls.ts'
import type { LOG_LEVELS } from './log-levels.ts'
import { maskKeys } from './mask-keys.ts'

export type Log = Logger

/** Opens a log that writes to a file descriptor (2 is stderr). Lines are written at once: a killed process loses none. */
export function openLog(level: (typeof LOG_LEVELS)[number], fileDescriptor = 2): Log {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: levelField } }
  const destination = pino.destination({ dest: fileDescriptor, sync: true })
  return pino(options, { write: (line) => void destination.write(escapeJsonControls(maskKeys(line))) })
}

function levelField(label: string): { level: string } {
  return { level: label }
}
