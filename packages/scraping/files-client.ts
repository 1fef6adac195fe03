/** Server requests about the files of uploads: which are wanted again, which are known, and their content. */
import { Problem } from '@splitcart/shared/problem.ts'
import { parseReceipt, type Receipt } from '@splitcart/shared/receipt.ts'
import { resourceUrl } from '@splitcart/shared/settings.ts'
import { retryOf } from './answer.ts'
import { ask, faultOf, moving, readText } from './exchange.ts'
import { Idle } from './idle.ts'

type Asking = Readonly<{ server: URL; key: string; idleMsMax: number }>

/** A server's address, and the id of its database history. */
export type ServerHistory = Readonly<{ server: string; history: string }>

/** The uploads whose files the server asks for again, and its history where it names one. */
export type Requested = Readonly<{ uploads: readonly Receipt[]; history?: ServerHistory }>

/** Fetches the requested uploads; none from a server too old to have that endpoint. */
export async function requestedOf(asking: Asking): Promise<Requested> {
  const answer = await listOf(asking, resourceUrl(asking.server, 'api/uploads/requested'))
  if ('fault' in answer) {
    if (retryOf(answer.fault) === 'never') return { uploads: [] }
    throw answer.fault
  }
  const history = historyIn(answer.text)
  return { uploads: uploadsIn(answer.text), ...(history && { history: { server: asking.server.href, history } }) }
}

/** Returns the ids that the server knows. Throws its error. */
export async function knownIdsOf(asking: Asking, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const url = resourceUrl(asking.server, 'api/uploads')
  url.searchParams.set('ids', ids.join())
  const answer = await listOf(asking, url)
  if ('fault' in answer) throw answer.fault
  return new Set(uploadsIn(answer.text).map(({ id }) => id))
}

async function listOf(asking: Asking, url: URL): Promise<{ text: string } | { fault: Error }> {
  using idle = new Idle(asking.idleMsMax)
  const response = await ask(asking, idle, url, {})
  const text = await readText(idle, response)
  return response.status === 200 && isList(text) ? { text } : { fault: faultOf(response, url, text) }
}

/** Whether a text is a list of uploads, and not a response of a proxy. */
function isList(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text).uploads)
  } catch {
    return false
  }
}

function historyIn(text: string): string | undefined {
  const { history } = JSON.parse(text)
  return typeof history === 'string' ? history : undefined
}

/** The receipts in a list of uploads; empty if it cannot be parsed. */
export function uploadsIn(text: string): Receipt[] {
  try {
    return (JSON.parse(text).uploads as unknown[]).map((each) => parseReceipt(JSON.stringify(each)))
  } catch {
    return []
  }
}

/** Streams the file of an upload, as it was sent. Throws `not_found` if the server will not give it. */
export async function* contentOf(asking: Asking, id: string): AsyncGenerator<Uint8Array> {
  using idle = new Idle(asking.idleMsMax)
  const url = resourceUrl(asking.server, `api/uploads/${encodeURIComponent(id)}/content`)
  const response = await ask(asking, idle, url, {})
  if (response.status !== 200 || !/jsonl/.test(response.headers.get('content-type') ?? '')) {
    const fault = faultOf(response, url, await readText(idle, response))
    throw retryOf(fault) === 'never'
      ? new Problem('not_found', `the server does not give ${id}: ${fault.message}`)
      : fault
  }
  yield* moving(idle, response)
}
