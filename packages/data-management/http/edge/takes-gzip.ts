/** Whether a client accepts answers that are compressed with gzip. */
import type { FastifyRequest } from 'fastify'

/** Whether the header `Accept-Encoding` allows gzip, also with a weight other than 0. */
export function takesGzip({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(headers['accept-encoding'] ?? '')
}
