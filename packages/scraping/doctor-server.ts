/** Server checks of `splitcart doctor`: reachable, a SplitCart server, clock, key, uploads. Sends no file. */
import { type CheckResult, fail, ok, warn } from '@splitcart/shared/check-result.ts'
import { isLoopback } from '@splitcart/shared/loopback.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { resourceUrl } from '@splitcart/shared/settings.ts'
import { documentIn, errorOfResponse, ForeignResponse } from './answer.ts'
import type { Answer } from './describe-response.ts'
import { checkResuming } from './doctor-resuming.ts'
import { answerOf, readText, sendRequest } from './exchange.ts'
import { IdleTimeout } from './idle-timeout.ts'

const ANSWER_MS_MAX = 10_000
const SKEW_MS_MAX = 5 * 60 * 1000

type NoResponse = Readonly<{ reason: string; problem: Problem }>

const ADDRESS = 'Set API_SERVER_URL to what stands in front of /api, such as https://data.example.org.'

/** Checks the server at an address. A key that would travel unencrypted is not sent. */
export async function* checkServer(server: URL, key: string | undefined): AsyncGenerator<CheckResult> {
  if (server.protocol !== 'https:' && !isLoopback(server.hostname)) {
    yield fail('encryption', `${server.origin} is plain http to another machine`, 'Use https; the key is not sent.')
    return
  }
  yield ok('encryption', server.protocol === 'https:' ? 'https' : 'http, on this machine only')
  const health = await get(resourceUrl(server, 'healthz'), {})
  const fault = faultOfHealth(health)
  yield fault ?? ok('server', `${server.href} answers`)
  if ('reason' in health) return
  yield checkClock(health.headers, Date.now())
  if (fault !== undefined || key === undefined) return
  const uploads = resourceUrl(server, 'api/uploads')
  uploads.searchParams.set('limit', '1')
  yield checkKey(await get(uploads, { key }))
  const uploading = checkUploading(await get(resourceUrl(server, 'api/upload/'), { key, method: 'POST' }))
  yield uploading
  if (uploading.state === 'ok') yield await checkResuming({ server, key, idleMsMax: ANSWER_MS_MAX })
}

async function get(url: URL, { key, method = 'GET' }: { key?: string; method?: string }): Promise<Answer | NoResponse> {
  using idle = new IdleTimeout(ANSWER_MS_MAX)
  try {
    const response = await sendRequest(key === undefined ? {} : { key }, idle, url, { method })
    return answerOf(response, url, await readText(idle, response))
  } catch (error) {
    if (error instanceof Problem) return { reason: error.detail, problem: error }
    throw error
  }
}

// Codes of a SplitCart server under a wrong base path, e.g. an address that already ends in the path of uploads.
const NOT_HERE: ReadonlySet<string> = new Set(['not_found', 'method_not_allowed'])

function faultOfHealth(health: Answer | NoResponse): CheckResult | undefined {
  if ('reason' in health && health.problem.code !== 'server_unreachable')
    return fail('server', health.problem.message, health.problem.kind.todo)
  if ('reason' in health)
    return fail('server', `cannot be reached: ${health.reason}`, 'Check API_SERVER_URL, the network, and the server.')
  if (NOT_HERE.has(documentIn(health)?.code ?? ''))
    return fail('server', 'a SplitCart server is there, but not at this path', ADDRESS)
  if (health.status === 200 && health.text.includes('"status":"ok"')) return undefined
  return fail('server', `that is not how a SplitCart server answers: ${detailIn(health)}`, ADDRESS)
}

/** Compares the clocks by the Date header; `now` in ms. Skew only affects times shown to people. */
export function checkClock(headers: Headers, now: number): CheckResult {
  const time = Date.parse(headers.get('date') ?? '')
  if (Number.isNaN(time)) return ok('clock', 'the server does not say what time it is')
  const skewMs = Math.abs(now - time)
  if (skewMs <= SKEW_MS_MAX) return ok('clock', 'as the clock of the server')
  const side = now > time ? 'ahead of' : 'behind'
  return warn(
    'clock',
    `${Math.round(skewMs / 60_000)} minutes ${side} the clock of the server`,
    'Let both machines set their clocks over the network.',
  )
}

function checkKey(answer: Answer | NoResponse): CheckResult {
  if ('reason' in answer) return fail('key', `no answer: ${answer.reason}`, 'Try again.')
  if (answer.status === 200 && answer.text.includes('"uploads":')) return ok('key', 'accepted')
  return documentIn(answer)?.code === 'key_refused'
    ? fail('key', 'the server does not accept it', 'Make one on the server: splitcart keys create NAME')
    : fail('key', detailIn(answer), todoOf(answer))
}

// A POST without a file always fails: with 400 or 415 if the key may upload, with `scope_missing` if not.
function checkUploading(answer: Answer | NoResponse): CheckResult {
  if ('reason' in answer) return fail('uploading', `no answer: ${answer.reason}`, 'Try again.')
  const document = documentIn(answer)
  if (document?.status === 400 || document?.status === 415) return ok('uploading', 'the key may upload')
  if (document?.code === 'key_refused')
    return fail('uploading', 'not without a key that is accepted', 'See the check before.')
  if (document?.code === 'scope_missing')
    return fail('uploading', 'the key may not upload', 'Use a key with the scope upload: splitcart keys create NAME')
  return fail('uploading', detailIn(answer), todoOf(answer))
}

function detailIn(answer: Answer): string {
  const fault = errorOfResponse(answer, 0)
  return fault instanceof ForeignResponse ? fault.detail : fault.message
}

function todoOf(answer: Answer): string {
  return documentIn(answer)?.todo ?? 'Look what stands between this machine and the server.'
}
