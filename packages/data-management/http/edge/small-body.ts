/**
 * Limits the bodies of all requests except uploads: they must be small, and arrive within the time limit of a head.
 * This applies to requests without a route, too, since their bodies are read as well.
 */
import { PassThrough } from 'node:stream'
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance } from 'fastify'
import type { ServerLimits } from './server-limits.ts'

/** The largest body of a request that is no upload. */
export const SMALL_BODY_BYTES_MAX = 64 * 1024

/** Fails a body that does not arrive within `headMsMax` with `body_late`. */
export function limitSmallBodies(server: FastifyInstance, { headMsMax }: ServerLimits): void {
  server.addHook('preParsing', async (request, _reply, payload) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
    if (request.routeOptions.config.takesUploads || (length === undefined && encoding === undefined)) return payload
    const arriving = new PassThrough()
    const late = setTimeout(() => end('body_late', `it did not come within ${headMsMax / 1000} s`), headMsMax)
    // The reader may have removed its error listener.
    arriving.on('error', () => {}).once('close', () => clearTimeout(late))
    payload.once('close', () => end('request_invalid', 'the body broke off'))
    return payload.pipe(arriving)

    // The incoming stream is not destroyed: the answer needs its connection.
    function end(code: 'body_late' | 'request_invalid', detail: string): void {
      payload.unpipe(arriving)
      if (!arriving.writableFinished) arriving.destroy(new Problem(code, detail))
    }
  })
}
