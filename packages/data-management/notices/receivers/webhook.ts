/** Posts notices as JSON to any address, such as the webhook of a chat program. */
import type { NoticeRecord } from '../../ledger/notice-outbox.ts'
import { escapeForChat, type Message, truncateToBytes } from '../message.ts'
import { type NoticeReceiver, post } from './receiver.ts'

// Limits, because receivers refuse long messages: Mattermost accepts texts of up to 16,383 characters. Lists end before
// the first entry that does not fit.
const LISTED_MAX = 100
const LISTED_BYTES_MAX = 32 * 1024
const TEXT_BYTES_MAX = 16_000
// Limits for templates: Discord refuses messages of more than 2,000 characters.
const FILLED_TEXT_BYTES_MAX = 1_900
const FILLED_TITLE_BYTES_MAX = 250

/** The receiver at an address. `template`: the JSON to post, with placeholders such as {{title}} in its texts. */
export function webhookReceiver(address: URL, template: string | undefined): NoticeReceiver {
  const send = async (message: Message, signal?: AbortSignal) => {
    const json = template === undefined ? defaultBody(message) : (fillTemplate(JSON.parse(template), message) as object)
    await post(address, { json, signal })
  }
  return { name: 'webhook', where: address.host, send }
}

/** The body without a template. It repeats silent sources in fields of their own, as earlier versions sent them. */
function defaultBody(message: Message): object {
  const { title, notices, link, isShort } = message
  const listed = isShort ? [] : notices
  const silent = notices.filter(({ kind, is_over }) => kind === 'silent' && is_over === 0)
  const recovered = notices.filter(({ kind, is_over }) => kind === 'silent' && is_over === 1)
  return {
    title,
    text: chatText(message, TEXT_BYTES_MAX),
    ...(link !== undefined && { link }),
    count: notices.length,
    notices: fittingEntries(
      listed.slice(0, LISTED_MAX).map(({ id, at, kind, subject, is_over, text }) => {
        return { id, at: new Date(at).toISOString(), kind, subject, is_over: is_over === 1, text }
      }),
    ),
    silent_count: silent.length,
    silent: isShort ? [] : sourceData(silent),
    heard_again_count: recovered.length,
    heard_again: isShort ? [] : sourceData(recovered),
  }
}

function sourceData(notices: readonly NoticeRecord[]): unknown[] {
  return fittingEntries(notices.slice(0, LISTED_MAX).flatMap(({ data }) => (data === null ? [] : [JSON.parse(data)])))
}

/** The first entries of a list, as many as fit into `LISTED_BYTES_MAX` bytes of JSON. */
function fittingEntries<T>(entries: readonly T[]): T[] {
  const found: T[] = []
  let bytes = 0
  for (const entry of entries) {
    bytes += Buffer.byteLength(JSON.stringify(entry))
    if (bytes > LISTED_BYTES_MAX) break
    found.push(entry)
  }
  return found
}

function fillTemplate(value: unknown, message: Message): unknown {
  if (typeof value === 'string') return fillText(value, message)
  if (Array.isArray(value)) return value.map((each) => fillTemplate(each, message))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, fillTemplate(each, message)]))
}

function fillText(text: string, message: Message): string {
  const values: Readonly<Record<string, string>> = {
    title: truncateToBytes(escapeMarkup(message.title), FILLED_TITLE_BYTES_MAX),
    text: chatText(message, FILLED_TEXT_BYTES_MAX),
    link: message.link ?? '',
    count: String(message.notices.length),
  }
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '')
}

/** The text for a chat program. Only its lines are shortened, never the link. */
function chatText({ lines, link }: Message, bytesMax: number): string {
  const said = escapeMarkup(lines.join('\n'))
  return link === undefined
    ? truncateToBytes(said, bytesMax)
    : `${truncateToBytes(said, bytesMax - Buffer.byteLength(link) - 1)}\n${link}`
}

/** Escapes untrusted text for chat programs, which also read `<…>` as a link or mention. */
function escapeMarkup(text: string): string {
  return escapeForChat(text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'))
}
