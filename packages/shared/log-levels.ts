/** How much is logged, from least to most. Apart from the log itself, which takes 8 ms to load and is not for every command. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const
