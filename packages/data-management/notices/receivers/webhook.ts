/** A webhook: any address that takes JSON, such as that of a chat. */
import type { NoticeRecord } from '../../ledger/notice-outbox.ts'
import { cutTo, inert, type Message } from '../message.ts'
import { type NoticeReceiver, post } from './receiver.ts'

// A receiver refuses what is too long, and would then hear of nothing: Mattermost takes texts of 16,383 characters. Lists end before the
// first entry that they have no room for.
const LISTED_MAX = 100
const LISTED_BYTES_MAX = 32 * 1024
const TEXT_BYTES_MAX = 16_000
// Discord takes 2,000 characters, and no message that is longer.
const FILLED_TEXT_BYTES_MAX = 1_900
const FILLED_TITLE_BYTES_MAX = 250

/** The receiver at an address. `template`: what is posted, as JSON with places in its texts. */
export function webhookReceiver(address: URL, template: string | undefined): NoticeReceiver {
  const send = async (message: Message, signal?: AbortSignal) => {
    const json = template === undefined ? bodyOf(message) : (filled(JSON.parse(template), message) as object)
    await post(address, { json, signal })
  }
  return { name: 'webhook', where: address.host, send }
}

/** All of it; sources in fields of their own, as receivers of earlier versions know them. */
function bodyOf(message: Message): object {
  const { title, notices, link, isShort } = message
  const listed = isShort ? [] : notices
  const silent = notices.filter(({ kind, is_over }) => kind === 'silent' && is_over === 0)
  const recovered = notices.filter(({ kind, is_over }) => kind === 'silent' && is_over === 1)
  return {
    title,
    text: chatText(message, TEXT_BYTES_MAX),
    ...(link !== undefined && { link }),
    count: notices.length,
    notices: withRoom(
      listed.slice(0, LISTED_MAX).map(({ id, at, kind, subject, is_over, text }) => {
        return { id, at: new Date(at).toISOString(), kind, subject, is_over: is_over === 1, text }
      }),
    ),
    silent_count: silent.length,
    silent: isShort ? [] : sourcesOf(silent),
    heard_again_count: recovered.length,
    heard_again: isShort ? [] : sourcesOf(recovered),
  }
}

function sourcesOf(notices: readonly NoticeRecord[]): unknown[] {
  return withRoom(notices.slice(0, LISTED_MAX).flatMap(({ data }) => (data === null ? [] : [JSON.parse(data)])))
}

/** The first entries of a list that are no more than so many bytes of JSON together. */
function withRoom<T>(entries: readonly T[]): T[] {
  const found: T[] = []
  let bytes = 0
  for (const entry of entries) {
    bytes += Buffer.byteLength(JSON.stringify(entry))
    if (bytes > LISTED_BYTES_MAX) break
    found.push(entry)
  }
  return found
}

function filled(value: unknown, message: Message): unknown {
  if (typeof value === 'string') return filledText(value, message)
  if (Array.isArray(value)) return value.map((each) => filled(each, message))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, filled(each, message)]))
}

function filledText(text: string, message: Message): string {
  const values: Readonly<Record<string, string>> = {
    title: cutTo(plain(message.title), FILLED_TITLE_BYTES_MAX),
    text: chatText(message, FILLED_TEXT_BYTES_MAX),
    link: message.link ?? '',
    count: String(message.notices.length),
  }
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '')
}

/** The link stands in it whole, however little else has room. */
function chatText({ lines, link }: Message, bytesMax: number): string {
  const said = plain(lines.join('\n'))
  return link === undefined ? cutTo(said, bytesMax) : `${cutTo(said, bytesMax - Buffer.byteLength(link) - 1)}\n${link}`
}

/** Text for chat programs, which take `<…>` for a link or a call to everybody, too. */
function plain(text: string): string {
  return inert(text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'))
}
