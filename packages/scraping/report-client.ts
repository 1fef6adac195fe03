/** Client of `POST /api/heartbeat`: one request, no retry. */
import type { MachineReport } from '@splitcart/shared/machine-report.ts'
import { resourceUrl } from '@splitcart/shared/settings.ts'
import { errorOf, readText, sendRequest } from './exchange.ts'
import { IdleTimeout } from './idle-timeout.ts'

const ANSWER_MS_MAX = 5_000
const TAKEN = 204

/** Sends a machine report. Throws unless the server accepts it, and when the signal aborts. */
export async function sendReport(
  { server, key }: Readonly<{ server: URL; key: string }>,
  report: MachineReport,
  signal?: AbortSignal,
): Promise<void> {
  using idle = new IdleTimeout(ANSWER_MS_MAX, signal)
  const url = resourceUrl(server, 'api/heartbeat')
  const headers = { 'Content-Type': 'application/json' }
  const response = await sendRequest({ key }, idle, url, { method: 'POST', headers, body: JSON.stringify(report) })
  const text = await readText(idle, response)
  if (response.status !== TAKEN) throw errorOf(response, url, text)
}
