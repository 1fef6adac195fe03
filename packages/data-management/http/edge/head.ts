/**
 * Finds faults in request heads that Node accepts but a proxy could interpret differently (request smuggling). Checks
 * `rawHeaders`, since `headers` shows only one of two fields with the same name.
 */
import type { IncomingMessage } from 'node:http'
import { Problem } from '@splitcart/shared/problem.ts'

const FIELDS_MAX = 100

// Fields that may occur only once: two could contradict each other.
const SINGLE_FIELDS = new Set([
  'host',
  'authorization',
  'x-api-key',
  'x-internal-api-key',
  'content-type',
  'content-length',
  'content-encoding',
  'content-disposition',
  'transfer-encoding',
  'unencoded-digest',
  'expect',
  'tus-resumable',
  'upload-offset',
  'upload-length',
  'upload-metadata',
])

/** The fault of a request head, or undefined if there is none. */
export function faultOfHead(request: Pick<IncomingMessage, 'httpVersion' | 'rawHeaders'>): Problem | undefined {
  const { httpVersion, rawHeaders } = request
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return invalid(`HTTP/${httpVersion} is not spoken here`)
  if (rawHeaders.length > 2 * FIELDS_MAX)
    return new Problem('head_too_large', `${rawHeaders.length / 2} fields, ${FIELDS_MAX} may be`)
  const fields = new Map<string, string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase()
    if (SINGLE_FIELDS.has(name) && fields.has(name)) return invalid(`two fields ${name}`)
    fields.set(name, rawHeaders[index + 1]!)
  }
  if (httpVersion === '1.1' && !fields.has('host')) return invalid('no field host')
  return (
    faultOfTransfer(httpVersion, fields.get('transfer-encoding')) ??
    faultOfExpectation(fields.get('expect')) ??
    faultOfKeys(fields)
  )
}

/** The API keys in the header fields that may contain one. `field` returns a field by name. */
export function keysIn(field: (name: string) => string | undefined): string[] {
  const bearer = /^Bearer +(\S+)$/i.exec(field('authorization') ?? '')?.[1]
  return [field('x-api-key'), field('x-internal-api-key'), bearer].filter((key) => key !== undefined)
}

function faultOfKeys(fields: ReadonlyMap<string, string>): Problem | undefined {
  const keys = new Set(keysIn((name) => fields.get(name)?.trim()))
  return keys.size > 1 ? invalid('two different keys; send one, in one field') : undefined
}

function faultOfTransfer(httpVersion: string, encoding: string | undefined): Problem | undefined {
  if (encoding === undefined) return undefined
  if (httpVersion === '1.0') return invalid('a transfer encoding, which HTTP/1.0 does not have')
  return encoding.toLowerCase() === 'chunked' ? undefined : invalid('a transfer encoding other than chunked')
}

function faultOfExpectation(expected: string | undefined): Problem | undefined {
  if (expected === undefined || expected.toLowerCase() === '100-continue') return undefined
  return new Problem('expectation_unsupported')
}

function invalid(detail: string): Problem {
  return new Problem('request_invalid', detail)
}
