/** In which forms files are kept; `plain`: as they came. */
export const KEPT_FORMS = ['packed', 'gzip', 'plain'] as const
export type KeptForm = (typeof KEPT_FORMS)[number]
