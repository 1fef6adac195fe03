/** Server-sent events as text (HTML Standard, section 9.2). */
import type { EventData } from './events-schema.ts'

/** A comment, sent as keep-alive so that proxies do not close the connection. */
export const KEEP_ALIVE_COMMENT = ':\n\n'

/** The text of one event. Its data are one line: `JSON.stringify` writes no line ends. */
export function frameOf<Name extends keyof EventData>(name: Name, data: EventData[Name], id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
