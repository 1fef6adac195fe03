/** Server-sent events as text (HTML Standard, section 9.2). */
import type { EventData } from './events-schema.ts'

/** A comment, sent as keep-alive so that proxies do not close the connection. */
export const COMMENT = ':\n\n'

/** One event. JSON has no line ends of its own, so its text is one line. */
export function frameOf<Name extends keyof EventData>(name: Name, data: EventData[Name], id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
