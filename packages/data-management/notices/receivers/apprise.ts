/** The API of Apprise, which passes notices on to more than a hundred services (https://github.com/caronc/apprise-api). */
import { inert, type Message, textOf } from '../message.ts'
import { type NoticeReceiver, post } from './receiver.ts'

/** Sends notices to an Apprise server; `address` is such as http://127.0.0.1:8000/notify/apprise. */
export function appriseReceiver(address: URL): NoticeReceiver {
  const send = async (message: Message, signal?: AbortSignal) => {
    const type = message.isGood ? 'success' : message.isUrgent ? 'failure' : 'warning'
    // What is text it escapes for each that it passes it on to, but for what calls everybody there.
    const body = textOf({ ...message, lines: message.lines.map(inert) })
    await post(address, { json: { title: message.title, body, type, format: 'text' }, signal })
  }
  return { name: 'apprise', where: address.host, send }
}
