/** What `splitcart doctor` asks the server: whether it is there, is ours, takes the key, and has the same time. Sends no file. */
import { type Finding, fail, ok, warn } from '@splitcart/shared/finding.ts'
import { Problem, parseProblemDocument } from '@splitcart/shared/problem.ts'
import { urlOf } from '@splitcart/shared/settings.ts'
import { ask, readText } from './exchange.ts'
import { Idle } from './idle.ts'
import { isLoopback } from './upload-client.ts'

const ANSWER_MS_MAX = 10_000
const SKEW_MS_MAX = 5 * 60 * 1000

type Answer = Readonly<{ status: number; headers: Headers; text: string }>
type Unanswered = Readonly<{ reason: string; problem: Problem }>

const ADDRESS = 'Set API_SERVER_URL to what stands in front of /api, such as https://data.example.org.'

/** Examines the server at an address. A key that would travel unencrypted is not sent at all. */
export async function* examineServer(server: URL, key: string | undefined): AsyncGenerator<Finding> {
  if (server.protocol !== 'https:' && !isLoopback(server.hostname)) {
    yield fail('encryption', `${server.origin} is plain http to another machine`, 'Use https; the key is not sent.')
    return
  }
  yield ok('encryption', server.protocol === 'https:' ? 'https' : 'http, on this machine only')
  const health = await get(urlOf(server, 'healthz'), {})
  const fault = faultOfHealth(health)
  yield fault ?? ok('server', `${server.href} answers`)
  if ('reason' in health) return
  yield skewOf(health.headers, Date.now())
  if (fault !== undefined || key === undefined) return
  const uploads = urlOf(server, 'api/uploads')
  uploads.searchParams.set('limit', '1')
  yield keyFinding(await get(uploads, { key }))
  yield uploadFinding(await get(urlOf(server, 'api/upload/'), { key, method: 'POST' }))
}

async function get(url: URL, { key, method = 'GET' }: { key?: string; method?: string }): Promise<Answer | Unanswered> {
  using idle = new Idle(ANSWER_MS_MAX)
  try {
    const response = await ask(key === undefined ? {} : { key }, idle, url, { method })
    return { status: response.status, headers: response.headers, text: await readText(idle, response) }
  } catch (error) {
    if (error instanceof Problem) return { reason: error.detail, problem: error }
    throw error
  }
}

function faultOfHealth(health: Answer | Unanswered): Finding | undefined {
  if ('reason' in health && health.problem.code !== 'server_unreachable')
    return fail('server', health.problem.message, health.problem.kind.todo)
  if ('reason' in health)
    return fail('server', `cannot be reached: ${health.reason}`, 'Check API_SERVER_URL, the network, and the server.')
  if (health.status >= 300 && health.status < 400)
    return fail('server', `redirects to ${health.headers.get('location')}; that is never followed`, ADDRESS)
  if (parseProblemDocument(health.text)?.code === 'not_found')
    return fail('server', 'a SplitCart server is there, but not at this path', ADDRESS)
  if (health.status === 200 && health.text.includes('"status":"ok"')) return undefined
  return fail('server', `answered ${health.status}, which is not how a SplitCart server answers`, ADDRESS)
}

/** How far the clocks are apart. Nothing depends on it but what people read. */
export function skewOf(headers: Headers, now: number): Finding {
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

function keyFinding(answer: Answer | Unanswered): Finding {
  if ('reason' in answer) return fail('key', `no answer: ${answer.reason}`, 'Try again.')
  if (answer.status === 200) return ok('key', 'accepted')
  return answer.status === 401
    ? fail('key', 'the server does not accept it', 'Make one on the server: splitcart keys create NAME')
    : fail('key', `the server answered ${answer.status}`, todoOf(answer))
}

// A request without a file is refused in any case; without the scope `upload` it is refused for that.
function uploadFinding(answer: Answer | Unanswered): Finding {
  if ('reason' in answer) return fail('uploading', `no answer: ${answer.reason}`, 'Try again.')
  if (answer.status === 400 || answer.status === 415) return ok('uploading', 'the key may upload')
  if (answer.status === 401) return fail('uploading', 'not without a key that is accepted', 'See the check before.')
  if (answer.status === 403)
    return fail('uploading', 'the key may not upload', 'Use a key with the scope upload: splitcart keys create NAME')
  return fail('uploading', `the server answered ${answer.status}`, todoOf(answer))
}

function todoOf({ text }: Answer): string {
  return parseProblemDocument(text)?.todo ?? 'Look what stands between this machine and the server.'
}
