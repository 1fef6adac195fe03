/** How a request is found again in the logs of all that it went through. */
import type { IncomingHttpHeaders } from 'node:http'

// W3C Trace Context, section 3.2.2: version, trace, parent, flags; a version of ff and a trace of zeros are invalid, later versions may have more behind.
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/
const REQUEST_ID = /^[\w.:+/=-]{1,128}$/

/** What a sender, or a proxy in front, calls a request. It goes into the log as it is, so it has to look like an id. */
export type Trace = Readonly<{ trace_id?: string; sent_request_id?: string }>

/** The ids in the fields `traceparent` and `X-Request-Id`, where they are well-formed. */
export function traceOf({ traceparent, 'x-request-id': sent }: IncomingHttpHeaders): Trace {
  const [, trace] = (typeof traceparent === 'string' && TRACEPARENT.exec(traceparent)) || []
  const isId = typeof sent === 'string' && REQUEST_ID.test(sent)
  return { ...(trace !== undefined && { trace_id: trace }), ...(isId && { sent_request_id: sent }) }
}
