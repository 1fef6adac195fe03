/** What this machine asks the server about the files of its uploads. */
import { Problem } from '@splitcart/shared/problem.ts'
import { parseReceipt, type Receipt } from '@splitcart/shared/receipt.ts'
import { urlOf } from '@splitcart/shared/settings.ts'
import { retryOf } from './answer.ts'
import { ask, faultOf, moving, readText } from './exchange.ts'
import { Idle } from './idle.ts'

type Asking = Readonly<{ server: URL; key: string; idleMsMax: number }>

/** Which history, of the server at which address. */
export type ServerHistory = Readonly<{ server: string; history: string }>

/** The uploads whose files the server asks for again, and its history where it names one. */
export type Requested = Readonly<{ uploads: readonly Receipt[]; history?: ServerHistory }>

/** What the server asks for again; nothing of a server that does not know of asking. */
export async function requestedOf(asking: Asking): Promise<Requested> {
  const answer = await listOf(asking, urlOf(asking.server, 'api/uploads/requested'))
  if ('fault' in answer) {
    if (retryOf(answer.fault) === 'never') return { uploads: [] }
    throw answer.fault
  }
  const history = historyIn(answer.text)
  return { uploads: uploadsIn(answer.text), ...(history && { history: { server: asking.server.href, history } }) }
}

/** Which of some uploads the server knows. Throws what it says instead. */
export async function baselineOf(asking: Asking, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const url = urlOf(asking.server, 'api/uploads')
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

/** Whether it is a list of uploads, and not what somebody else on the way says. */
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

/** The receipts in a list; none where it is not one of ours. */
export function uploadsIn(text: string): Receipt[] {
  try {
    return (JSON.parse(text).uploads as unknown[]).map((each) => parseReceipt(JSON.stringify(each)))
  } catch {
    return []
  }
}

/** The file of an upload, as it was sent. */
export async function* contentOf(asking: Asking, id: string): AsyncGenerator<Uint8Array> {
  using idle = new Idle(asking.idleMsMax)
  const url = urlOf(asking.server, `api/uploads/${encodeURIComponent(id)}/content`)
  const response = await ask(asking, idle, url, {})
  if (response.status !== 200 || !/jsonl/.test(response.headers.get('content-type') ?? '')) {
    const fault = faultOf(response, url, await readText(idle, response))
    throw retryOf(fault) === 'never'
      ? new Problem('not_found', `the server does not give ${id}: ${fault.message}`)
      : fault
  }
  yield* moving(idle, response)
}
