/** Parsers of the notice settings. Each throws an Error whose message is what it expects. */
import { isDecodable, url } from './setting-readers.ts'

export { key, url } from './setting-readers.ts'

/** The kinds of conditions: things that need a person. */
export const CONDITION_KINDS = [
  'held',
  'failed',
  'findings',
  'silent',
  'disk',
  'damage',
  'loader',
  'dying',
  'backlog',
  'backup',
  'key',
  'clock',
  'machine',
] as const

/** The kinds of notices: conditions by kind, and changes of watched products (`watch`). */
export const NOTICE_KINDS = [...CONDITION_KINDS, 'watch'] as const

const TEMPLATE_PLACEHOLDERS = ['title', 'text', 'link', 'count']

/** The URL of an SMTP server; user name and password are percent-encoded. */
export function mailServer(value: string): URL {
  const parsed = URL.canParse(value) ? new URL(value) : undefined
  if (parsed === undefined || !/^smtps?:$/.test(parsed.protocol) || parsed.hostname === '')
    throw new Error('smtps://<user>:<password>@<host>:465 or smtp://<user>:<password>@<host>:587')
  if (!isDecodable(parsed.username) || !isDecodable(parsed.password))
    throw new Error('%25 for each "%" of the user name and the password, and %40 for "@"')
  return parsed
}

/** The URL of an ntfy topic. */
export function topic(value: string): URL {
  const parsed = url(value)
  if (/^\/*$/.test(parsed.pathname) || !isDecodable(parsed.pathname))
    throw new Error('the address of a topic, https://<server>/<topic>')
  return parsed
}

/** E-mail addresses, separated by commas. */
export function addresses(value: string): readonly string[] {
  const parts = value.split(',').map((part) => part.trim())
  if (!parts.every((part) => /^[^\s@<>"',;:\p{Cc}]+@[^\s@<>"',;:\p{Cc}]+$/u.test(part)))
    throw new Error('e-mail addresses such as me@example.org, with commas between them')
  return parts
}

/** A JSON template with placeholders: {{title}}, {{text}}, {{link}}, {{count}}. */
export function template(value: string): string {
  const expected = `JSON with ${TEMPLATE_PLACEHOLDERS.map((name) => `{{${name}}}`).join(', ')} in its texts`
  const unknown = [...value.matchAll(/\{\{(?<name>[^{}]*)\}\}/g)].find(
    ({ groups }) => !TEMPLATE_PLACEHOLDERS.includes(groups!.name!),
  )
  if (unknown !== undefined) throw new Error(expected)
  try {
    JSON.parse(value)
  } catch {
    throw new Error(expected)
  }
  return value
}

/** Kinds of notices, separated by commas, or `all`. */
export function noticeKinds(value: string): ReadonlySet<string> {
  if (value === 'all') return new Set(NOTICE_KINDS)
  const names = value.split(',').map((name) => name.trim())
  if (!names.every((name) => (NOTICE_KINDS as readonly string[]).includes(name)))
    throw new Error(`all, or some of ${NOTICE_KINDS.join(', ')}, with commas between them`)
  return new Set(names)
}
