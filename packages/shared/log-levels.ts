/** Log levels, from fewest to most messages. Apart from log.ts, which takes 8 ms to load and not all commands need. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const
