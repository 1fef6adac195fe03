/** Log levels: from fewest to most messages, then none. Apart from log.ts, which takes 8 ms to load, needed or not. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const
