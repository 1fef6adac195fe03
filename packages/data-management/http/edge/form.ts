/**
 * A file in a multipart form: exactly one part, named "file". The bytes around it are limited in number and time, as
 * the file itself is, and are not kept.
 */
import type { IncomingMessage } from 'node:http'
import { finished } from 'node:stream/promises'
import type { Multipart } from '@fastify/multipart'
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyRequest } from 'fastify'
import type { IncomingFile } from '../../inbox/accept.ts'
import { Pace, type PaceLimits } from '../../inbox/pace.ts'

const PART = 'file'
const MORE_PARTS = 'it has more than one part'
const KIB = 1024
const SURROUNDINGS_BYTES_MAX = 128 * KIB

const LIMITS = {
  files: 1,
  parts: 1,
  fileSize: Number.POSITIVE_INFINITY,
  // A field is always refused; no more than this much of it is read first.
  fieldSize: KIB,
  headerPairs: 16,
  headerSize: 8 * KIB,
}

/** Reads a form up to the start of its file. The file name comes from the client, unchecked. */
export async function readForm(
  request: FastifyRequest,
  limits: PaceLimits,
): Promise<Pick<IncomingFile, 'body' | 'filename' | 'checkRequestEnd'>> {
  const next = partsOf(request)
  const surroundings = new Surroundings(request.raw, limits)
  const { done, value: part } = await surroundings.wait(next)
  if (done || part === undefined) throw new Problem('file_missing')
  if (part.type !== 'file' || part.fieldname !== PART)
    throw new Problem('form_invalid', `it has a part named ${JSON.stringify(String(part.fieldname).slice(0, 100))}`)
  surroundings.file = part.file
  const checkRequestEnd = async () => {
    if (!(await surroundings.wait(next)).done) throw new Problem('form_invalid', MORE_PARTS)
    await surroundings.wait(() => ended(request))
  }
  return { body: part.file, filename: part.filename ?? '', checkRequestEnd }
}

type Next = () => Promise<IteratorResult<Multipart>>

/** Reads part after part. Errors of the parser become `form_invalid` with the parser's message. */
function partsOf(request: FastifyRequest): Next {
  const formInvalid = (cause: unknown) => {
    const said = cause instanceof Error ? cause.message : String(cause)
    return new Problem('form_invalid', /^reach .* limit$/.test(said) ? MORE_PARTS : said, { cause })
  }
  try {
    const parts = request.parts({ limits: LIMITS })
    return () => parts.next().catch((cause) => Promise.reject(formInvalid(cause)))
  } catch (cause) {
    throw formInvalid(cause)
  }
}

async function ended({ raw }: FastifyRequest): Promise<void> {
  raw.resume()
  try {
    await finished(raw, { writable: false, cleanup: true })
  } catch (cause) {
    throw new Problem('body_damaged', 'it breaks off', { cause })
  }
}

/** Waits for the next piece of a form; fails if the bytes before and after the file are too many or too slow. */
class Surroundings {
  readonly #raw: IncomingMessage
  readonly #pace: Pace
  #bytes = 0
  /** The file; its own bytes are not counted. */
  file: Readonly<{ bytesRead: number }> = { bytesRead: 0 }

  constructor(raw: IncomingMessage, limits: PaceLimits) {
    this.#raw = raw
    this.#pace = new Pace(limits)
    raw.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length
    })
  }

  async wait<T>(next: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const go = (chunk?: Buffer) => {
      if (this.#bytes - this.file.bytesRead > SURROUNDINGS_BYTES_MAX)
        reject(new Problem('form_invalid', `more than ${SURROUNDINGS_BYTES_MAX} bytes surround its file`))
      if (chunk !== undefined) this.#pace.received(chunk.length)
      this.#pace.wait(reject)
    }
    this.#raw.on('data', go)
    go()
    next().then(resolve, reject)
    try {
      return await promise
    } finally {
      this.#raw.off('data', go)
      this.#pace.received(0)
    }
  }
}
