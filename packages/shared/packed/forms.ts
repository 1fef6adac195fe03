/** The forms of stored files; `plain`: as received. */
export const KEPT_FORMS = ['packed', 'gzip', 'plain'] as const
export type KeptForm = (typeof KEPT_FORMS)[number]
