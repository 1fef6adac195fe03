/** Server requests about the files of uploads: which are wanted again, which are known, and their content. */
import { Problem } from '@splitcart/shared/problem.ts'
import { parseReceipt, type Receipt } from '@splitcart/shared/receipt.ts'
import { resourceUrl } from '@splitcart/shared/settings.ts'
import { retryRuleOf } from './answer.ts'
import { bodyChunks, errorOf, readText, type ServerAccess, sendRequest } from './exchange.ts'
import { IdleTimeout } from './idle-timeout.ts'

/** A server's address, and the id of its database history. */
export type ServerHistory = Readonly<{ server: string; history: string }>

/** The uploads whose files the server asks for again, and its history where it names one. */
export type RequestedUploads = Readonly<{ uploads: readonly Receipt[]; history?: ServerHistory }>

/** Fetches the requested uploads; none from a server too old to have that endpoint. */
export async function fetchRequested(access: ServerAccess): Promise<RequestedUploads> {
  const answer = await fetchList(access, resourceUrl(access.server, 'api/uploads/requested'))
  if ('fault' in answer) {
    if (retryRuleOf(answer.fault) === 'never') return { uploads: [] }
    throw answer.fault
  }
  const history = historyIn(answer.text)
  return { uploads: parseUploads(answer.text), ...(history && { history: { server: access.server.href, history } }) }
}

/** Returns the ids that the server knows. Throws its error. */
export async function fetchKnownIds(access: ServerAccess, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const url = resourceUrl(access.server, 'api/uploads')
  url.searchParams.set('ids', ids.join())
  const answer = await fetchList(access, url)
  if ('fault' in answer) throw answer.fault
  return new Set(parseUploads(answer.text).map(({ id }) => id))
}

async function fetchList(access: ServerAccess, url: URL): Promise<{ text: string } | { fault: Error }> {
  using idle = new IdleTimeout(access.idleMsMax)
  const response = await sendRequest(access, idle, url, {})
  const text = await readText(idle, response)
  return response.status === 200 && isUploadList(text) ? { text } : { fault: errorOf(response, url, text) }
}

/** Whether a text is a list of uploads, and not a response of a proxy. */
export function isUploadList(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text)?.uploads)
  } catch {
    return false
  }
}

function historyIn(text: string): string | undefined {
  const { history } = JSON.parse(text)
  return typeof history === 'string' ? history : undefined
}

/** The receipts in a list of uploads; empty if it cannot be parsed. */
export function parseUploads(text: string): Receipt[] {
  try {
    return (JSON.parse(text).uploads as unknown[]).map((each) => parseReceipt(JSON.stringify(each)))
  } catch {
    return []
  }
}

/** Streams the file of an upload, as it was sent. Throws `not_found` if the server will not give it. */
export async function* fetchContent(access: ServerAccess, id: string): AsyncGenerator<Uint8Array> {
  using idle = new IdleTimeout(access.idleMsMax)
  const url = resourceUrl(access.server, `api/uploads/${encodeURIComponent(id)}/content`)
  const response = await sendRequest(access, idle, url, {})
  if (response.status !== 200 || !/jsonl/.test(response.headers.get('content-type') ?? '')) {
    const fault = errorOf(response, url, await readText(idle, response))
    throw retryRuleOf(fault) === 'never'
      ? new Problem('not_found', `the server does not give ${id}: ${fault.message}`)
      : fault
  }
  yield* bodyChunks(idle, response)
}
