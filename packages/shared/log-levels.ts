/** Log levels: from fewest to most messages, then none. Not in log.ts, which takes 8 ms to load. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const
