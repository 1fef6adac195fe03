/** `GET /api/events`: changes of uploads and progress of loads, as server-sent events. */
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Authenticator, principalOf } from '../auth/authentication.ts'
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
export function eventsRoutes(server: FastifyInstance, feed: EventFeed, authenticator: Authenticator): void {
  server.addHook('preClose', async () => feed.stop())
  // No HEAD route: it would open an endless stream that nobody reads.
  const options = { config: MAY_READ, schema: SCHEMA, exposeHeadRoute: false }
  server.get('/api/events', options, async (request, reply) => {
    // A client that does not accept this media type expects an answer that ends.
    if (!wantsEvents(request)) throw new Problem('not_acceptable')
    const { keyId } = principalOf(request)
    const subscriber = {
      keyId,
      credential: authenticator.credentialOf(request),
      isStillAllowed: () => isStillAllowed(request),
    }
    const stream = await feed.join(subscriber, lastIdIn(request))
    // The connection ends with the stream; `X-Accel-Buffering: no` makes a proxy pass on each event at once.
    return reply.type(MEDIA_TYPE).header('connection', 'close').header('x-accel-buffering', 'no').send(stream)
  })

  async function isStillAllowed(request: FastifyRequest): Promise<boolean> {
    const principal = await authenticator.revalidate(request)
    return MAY_READ.scopes.some((scope) => principal?.scopes.has(scope))
  }
}

function wantsEvents({ headers: { accept = '' } }: FastifyRequest): boolean {
  return accept.split(',').some((each) => each.split(';')[0]!.trim().toLowerCase() === MEDIA_TYPE)
}

function lastIdIn({ headers }: FastifyRequest): string | undefined {
  const id = headers['last-event-id']
  return typeof id === 'string' ? id : undefined
}
