/** What this machine asks the server about the files of its uploads. */
import { Problem } from '@splitcart/shared/problem.ts'
import { parseReceipt, type Receipt } from '@splitcart/shared/receipt.ts'
import { urlOf } from '@splitcart/shared/settings.ts'
import { retryOf } from './answer.ts'
import { ask, faultOf, moving, readText } from './exchange.ts'
import { Idle } from './idle.ts'

type Asking = Readonly<{ server: URL; key: string; idleMsMax: number }>

/** The uploads whose files the server asks for again; none of a server that does not know of asking. */
export async function requestedOf(asking: Asking): Promise<readonly Receipt[]> {
  using idle = new Idle(asking.idleMsMax)
  const url = urlOf(asking.server, 'api/uploads/requested')
  const response = await ask(asking, idle, url, {})
  const text = await readText(idle, response)
  if (response.status === 200) return uploadsIn(text)
  const fault = faultOf(response, url, text)
  if (retryOf(fault) === 'never') return []
  throw fault
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
