/** Ids that identify a request in the logs of all programs that handle it. */
import type { IncomingHttpHeaders } from 'node:http'

// W3C Trace Context, section 3.2.2: version, trace, parent, flags. No version ff, no zero ids; new versions may append.
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/
const REQUEST_ID = /^[\w.:+/=-]{1,128}$/

/** The ids that the client or a proxy gave a request. They are logged unchanged, so only well-formed ones are used. */
export type Trace = Readonly<{ trace_id?: string; sent_request_id?: string }>

/** The ids in the fields `traceparent` and `X-Request-Id`, if they are well-formed. */
export function traceOf({ traceparent, 'x-request-id': sent }: IncomingHttpHeaders): Trace {
  const [, trace] = (typeof traceparent === 'string' && TRACEPARENT.exec(traceparent)) || []
  const isId = typeof sent === 'string' && REQUEST_ID.test(sent)
  return { ...(trace !== undefined && { trace_id: trace }), ...(isId && { sent_request_id: sent }) }
}
