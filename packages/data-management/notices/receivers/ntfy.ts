/** Publishes notices to a topic of ntfy, which phones subscribe to (https://docs.ntfy.sh/publish/#publish-as-json). */
import { type Message, truncateToBytes } from '../message.ts'
import { type NoticeReceiver, post } from './receiver.ts'

// ntfy turns a longer message into an attachment.
const MESSAGE_BYTES_MAX = 4_000
const TITLE_BYTES_MAX = 250
const [PRIORITY_URGENT, PRIORITY_DEFAULT] = [5, 3]

/** The receiver of a topic. `address`: the URL of the topic. */
export function ntfyReceiver(address: URL, token: string | undefined): NoticeReceiver {
  const server = new URL('.', address.href.replace(/\/+$/, ''))
  const topic = decodeURIComponent(address.pathname.replace(/\/+$/, '').split('/').at(-1) ?? '')
  const send = (message: Message, signal?: AbortSignal) =>
    post(server, { json: publishBody(topic, message), token, signal })
  return { name: 'ntfy', where: server.host, send }
}

function publishBody(topic: string, { title, lines, isUrgent, isAllOver, link }: Message): object {
  return {
    topic,
    title: truncateToBytes(title, TITLE_BYTES_MAX),
    message: truncateToBytes(lines.join('\n'), MESSAGE_BYTES_MAX),
    priority: isUrgent ? PRIORITY_URGENT : PRIORITY_DEFAULT,
    tags: [isAllOver ? 'white_check_mark' : isUrgent ? 'rotating_light' : 'package'],
    ...(link !== undefined && { click: link }),
  }
}
