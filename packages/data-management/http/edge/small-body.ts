/**
 * Limits the bodies of all requests that send no file: they are small, and come as soon as a head has to or not at all. Also those of
 * requests that lead nowhere, for these are read as well.
 */
import { PassThrough } from 'node:stream'
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance } from 'fastify'
import type { ServerLimits } from './server-limits.ts'

/** How large such a body may be. */
export const SMALL_BODY_BYTES_MAX = 64 * 1024

/** Ends what does not come in time with `body_late`. */
export function limitSmallBodies(server: FastifyInstance, { headMsMax }: ServerLimits): void {
  server.addHook('preParsing', async (request, _reply, payload) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
    if (request.routeOptions.config.takesUploads || (length === undefined && encoding === undefined)) return payload
    const arriving = new PassThrough()
    const late = setTimeout(() => end('body_late', `it did not come within ${headMsMax / 1000} s`), headMsMax)
    // Whoever reads it may have stopped listening.
    arriving.on('error', () => {}).once('close', () => clearTimeout(late))
    payload.once('close', () => end('request_invalid', 'the body broke off'))
    return payload.pipe(arriving)

    // Without an end for what comes in: the answer has to go out on the same connection.
    function end(code: 'body_late' | 'request_invalid', detail: string): void {
      payload.unpipe(arriving)
      if (!arriving.writableFinished) arriving.destroy(new Problem(code, detail))
    }
  })
}
