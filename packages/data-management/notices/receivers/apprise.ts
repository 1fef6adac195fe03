/** Sends notices to Apprise, which forwards them to other services (https://github.com/caronc/apprise-api). */
import { escapeForChat, type Message, messageText } from '../message.ts'
import { type NoticeReceiver, post } from './receiver.ts'

/** The receiver at an Apprise server, for example http://127.0.0.1:8000/notify/apprise. */
export function appriseReceiver(address: URL): NoticeReceiver {
  const send = async (message: Message, signal?: AbortSignal) => {
    const type = message.isAllOver ? 'success' : message.isUrgent ? 'failure' : 'warning'
    // Apprise escapes text for each service, but not mentions.
    const body = messageText({ ...message, lines: message.lines.map(escapeForChat) })
    await post(address, { json: { title: message.title, body, type, format: 'text' }, signal })
  }
  return { name: 'apprise', where: address.host, send }
}
