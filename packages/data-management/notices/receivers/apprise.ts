/** The API of Apprise, which passes notices on to more than a hundred services (https://github.com/caronc/apprise-api). */
import { type Message, textOf } from '../message.ts'
import { type NoticeReceiver, post } from './receiver.ts'

/** The receiver at an address such as http://127.0.0.1:8000/notify/apprise. */
export function appriseReceiver(address: URL): NoticeReceiver {
  const send = async (message: Message) => {
    const type = message.isGood ? 'success' : message.isUrgent ? 'failure' : 'warning'
    await post(address, { title: message.title, body: textOf(message), type, format: 'text' })
  }
  return { name: 'apprise', where: address.host, send }
}
