/** `GET /api/events`: uploads and loads as they move, as server-sent events. */
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Recognition, senderOf } from '../auth/authentication.ts'
import { MAY_READ } from '../edge/parameters.ts'
import type { EventFeed } from './event-feed.ts'
import { EVENT_SCHEMAS } from './events-schema.ts'

const MEDIA_TYPE = 'text/event-stream'

const SCHEMA = {
  summary: 'Uploads and loads as they move, as server-sent events',
  response: {
    200: {
      description: 'The data of each kind of event, which is one line of JSON',
      content: { [MEDIA_TYPE]: { schema: { type: 'object', properties: EVENT_SCHEMAS } } },
    },
  },
} as const

/** Adds the route. The streams end when the server closes. */
export function eventsRoutes(server: FastifyInstance, feed: EventFeed, recognition: Recognition): void {
  server.addHook('preClose', async () => feed.stop())
  // Answered to HEAD, a stream without an end would be read by nobody.
  const options = { config: MAY_READ, schema: SCHEMA, exposeHeadRoute: false }
  server.get('/api/events', options, async (request, reply) => {
    // Who does not say so expects an answer that ends.
    if (!wantsEvents(request)) throw new Problem('not_acceptable')
    const { keyId } = senderOf(request)
    const guest = { keyId, credential: recognition.credentialOf(request), mayStay: () => mayStay(request) }
    const stream = await feed.join(guest, lastIdIn(request))
    // The connection ends with the stream; a proxy passes on each event as it comes.
    return reply.type(MEDIA_TYPE).header('connection', 'close').header('x-accel-buffering', 'no').send(stream)
  })

  async function mayStay(request: FastifyRequest): Promise<boolean> {
    const sender = await recognition.again(request)
    return MAY_READ.scopes.some((scope) => sender?.scopes.has(scope))
  }
}

function wantsEvents({ headers: { accept = '' } }: FastifyRequest): boolean {
  return accept.split(',').some((each) => each.split(';')[0]!.trim().toLowerCase() === MEDIA_TYPE)
}

function lastIdIn({ headers }: FastifyRequest): string | undefined {
  const id = headers['last-event-id']
  return typeof id === 'string' ? id : undefined
}
