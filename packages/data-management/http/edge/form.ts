/**
 * Reads a file from a multipart form with exactly one part, named "file". The bytes around the file are limited in
 * number and time, like the file itself, and discarded.
 */
import type { IncomingMessage } from 'node:http'
import { finished } from 'node:stream/promises'
import type { Multipart } from '@fastify/multipart'
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyRequest } from 'fastify'
import type { IncomingFile } from '../../inbox/accept.ts'
import { Pace, type PaceLimits } from '../../inbox/pace.ts'

const FILE_PART = 'file'
const MORE_PARTS = 'it has more than one part'
const KIB = 1024
const SURROUNDINGS_BYTES_MAX = 128 * KIB

const LIMITS = {
  files: 1,
  parts: 1,
  fileSize: Number.POSITIVE_INFINITY,
  // A field that is no file is refused after at most so many bytes.
  fieldSize: KIB,
  headerPairs: 16,
  headerSize: 8 * KIB,
}

/** Reads a form up to the start of its file. The returned file name is unchecked. */
export async function readForm(
  request: FastifyRequest,
  limits: PaceLimits,
): Promise<Pick<IncomingFile, 'body' | 'filename' | 'checkRequestEnd'>> {
  const next = partReader(request)
  const surroundings = new SurroundingBytes(request.raw, limits)
  const { done, value: part } = await surroundings.wait(next)
  if (done || part === undefined) throw new Problem('file_missing')
  if (part.type !== 'file' || part.fieldname !== FILE_PART)
    throw new Problem('form_invalid', `it has a part named ${JSON.stringify(String(part.fieldname).slice(0, 100))}`)
  surroundings.file = part.file
  const checkRequestEnd = async () => {
    if (!(await surroundings.wait(next)).done) throw new Problem('form_invalid', MORE_PARTS)
    await surroundings.wait(() => waitForEnd(request))
  }
  return { body: part.file, filename: part.filename ?? '', checkRequestEnd }
}

type NextPart = () => Promise<IteratorResult<Multipart>>

/** A function that reads the next part at each call. Errors of the parser become `form_invalid`. */
function partReader(request: FastifyRequest): NextPart {
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

async function waitForEnd({ raw }: FastifyRequest): Promise<void> {
  raw.resume()
  try {
    await finished(raw, { writable: false, cleanup: true })
  } catch (cause) {
    throw new Problem('body_damaged', 'it breaks off', { cause })
  }
}

/** The bytes of a form before and after its file. Waiting for them fails if they are too many or too slow. */
class SurroundingBytes {
  readonly #raw: IncomingMessage
  readonly #pace: Pace
  #bytes = 0
  /** The file, whose bytes are not counted. */
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
