/** The forms of kept files; `plain`: as sent. */
export const KEPT_FORMS = ['packed', 'gzip', 'plain'] as const
export type KeptForm = (typeof KEPT_FORMS)[number]
