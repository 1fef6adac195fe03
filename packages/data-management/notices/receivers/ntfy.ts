/** ntfy: a topic that telephones listen to (https://docs.ntfy.sh/publish/#publish-as-json). */
import { cutTo, type Message } from '../message.ts'
import { type NoticeReceiver, post } from './receiver.ts'

// A longer message becomes an attachment.
const MESSAGE_BYTES_MAX = 4_000
const TITLE_BYTES_MAX = 250
const [PRIORITY_URGENT, PRIORITY_USUAL] = [5, 3]

/** The receiver of a topic. */
export function ntfyReceiver(address: URL, token: string | undefined): NoticeReceiver {
  const server = new URL('.', address.href.replace(/\/+$/, ''))
  const topic = decodeURIComponent(address.pathname.replace(/\/+$/, '').split('/').at(-1) ?? '')
  const send = (message: Message, signal?: AbortSignal) =>
    post(server, { json: published(topic, message), token, signal })
  return { name: 'ntfy', where: server.host, send }
}

function published(topic: string, { title, lines, isUrgent, isGood, link }: Message): object {
  return {
    topic,
    title: cutTo(title, TITLE_BYTES_MAX),
    message: cutTo(lines.join('\n'), MESSAGE_BYTES_MAX),
    priority: isUrgent ? PRIORITY_URGENT : PRIORITY_USUAL,
    tags: [isGood ? 'white_check_mark' : isUrgent ? 'rotating_light' : 'package'],
    ...(link !== undefined && { click: link }),
  }
}
