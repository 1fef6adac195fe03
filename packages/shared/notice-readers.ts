/** How the texts of the settings of notices are read. Each reader throws, as its message, what it expects. */
import { isDecodable, url } from './setting-readers.ts'

export { key, url } from './setting-readers.ts'

/** The kinds of what needs a person. */
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

/** What can be told: what needs a person, by its kind, and products that somebody watches. */
export const NOTICE_KINDS = [...CONDITION_KINDS, 'watch'] as const

const FIELDS = ['title', 'text', 'link', 'count']

/** The address of a server for mail. */
export function mailServer(value: string): URL {
  const parsed = URL.canParse(value) ? new URL(value) : undefined
  if (parsed === undefined || !/^smtps?:$/.test(parsed.protocol) || parsed.hostname === '')
    throw new Error('smtps://<user>:<password>@<host>:465 or smtp://<user>:<password>@<host>:587')
  if (!isDecodable(parsed.username) || !isDecodable(parsed.password))
    throw new Error('%25 for each "%" of the user name and the password, and %40 for "@"')
  return parsed
}

/** The address of a topic of ntfy. */
export function topic(value: string): URL {
  const parsed = url(value)
  if (/^\/*$/.test(parsed.pathname) || !isDecodable(parsed.pathname))
    throw new Error('the address of a topic, https://<server>/<topic>')
  return parsed
}

/** Addresses of e-mail, with commas between them. */
export function addresses(value: string): readonly string[] {
  const parts = value.split(',').map((part) => part.trim())
  if (!parts.every((part) => /^[^\s@<>"',;:\p{Cc}]+@[^\s@<>"',;:\p{Cc}]+$/u.test(part)))
    throw new Error('e-mail addresses such as me@example.org, with commas between them')
  return parts
}

/** JSON with places for what a notice says. */
export function template(value: string): string {
  const expected = `JSON with ${FIELDS.map((name) => `{{${name}}}`).join(', ')} in its texts`
  const unknown = [...value.matchAll(/\{\{(?<name>[^{}]*)\}\}/g)].find(({ groups }) => !FIELDS.includes(groups!.name!))
  if (unknown !== undefined) throw new Error(expected)
  try {
    JSON.parse(value)
  } catch {
    throw new Error(expected)
  }
  return value
}

/** Some kinds of notices, or all. */
export function noticeKinds(value: string): ReadonlySet<string> {
  if (value === 'all') return new Set(NOTICE_KINDS)
  const names = value.split(',').map((name) => name.trim())
  if (!names.every((name) => (NOTICE_KINDS as readonly string[]).includes(name)))
    throw new Error(`all, or some of ${NOTICE_KINDS.join(', ')}, with commas between them`)
  return new Set(names)
}
