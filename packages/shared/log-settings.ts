/** The settings of the log. */
import { LOG_LEVELS } from './log-levels.ts'
import { oneOf, wholeNumber } from './setting-readers.ts'

export const LOG_SETTINGS = {
  SLOW_STATEMENT_MS: {
    machine: 'data-management',
    read: wholeNumber(0),
    fallback: '1000',
    about:
      'statements of PostgreSQL, and of SQLite those that answer questions, are logged with their SQL when they take so long; it has no values in it; 0: none',
  },
  LOG_LEVEL: { machine: 'both', read: oneOf(LOG_LEVELS), fallback: 'info', about: 'how much is logged on stderr' },
} as const
