/**
 * A file in a form: exactly one part, named "file". What surrounds it is limited in bytes and time as the file itself is, and none of
 * it is kept.
 */
import type { Multipart } from '@fastify/multipart'
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyRequest } from 'fastify'
import type { Sent } from '../inbox/accept.ts'
import { Pace, type PaceLimits } from '../inbox/pace.ts'

const PART = 'file'
const MORE_PARTS = 'it has more than one part'
const KIB = 1024
const SURROUNDINGS_BYTES_MAX = 128 * KIB

const LIMITS = {
  files: 1,
  parts: 1,
  fileSize: Number.POSITIVE_INFINITY,
  // A field is refused; so much of it is looked at.
  fieldSize: KIB,
  headerPairs: 16,
  headerSize: 8 * KIB,
}

/** Reads a form up to the bytes of its file. The name is the sender's, unchecked. */
export async function readForm(
  request: FastifyRequest,
  limits: PaceLimits,
): Promise<Pick<Sent, 'body' | 'filename' | 'whole'>> {
  const parts = partsOf(request)
  const next = () => within(request, limits, parts)
  const { done, value: part } = await next()
  if (done || part === undefined) throw new Problem('file_missing')
  if (part.type !== 'file' || part.fieldname !== PART)
    throw new Problem('form_invalid', `it has a part named ${JSON.stringify(part.fieldname.slice(0, 100))}`)
  const whole = async () => {
    if (!(await next()).done) throw new Problem('form_invalid', MORE_PARTS)
  }
  return { body: part.file, filename: part.filename ?? '', whole }
}

type Next = () => Promise<IteratorResult<Multipart>>

/** Reads part after part. What the parser throws tells of the form, in words of its own. */
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

/** The next part, unless what comes before it is too much or takes too long. */
async function within({ raw }: FastifyRequest, limits: PaceLimits, next: Next): Promise<IteratorResult<Multipart>> {
  const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<Multipart>>()
  const pace = new Pace(limits)
  let bytes = 0
  const count = (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > SURROUNDINGS_BYTES_MAX)
      reject(new Problem('form_invalid', `more than ${SURROUNDINGS_BYTES_MAX} bytes surround its file`))
    pace.came(chunk.length)
    pace.wait(reject)
  }
  raw.on('data', count)
  pace.wait(reject)
  next().then(resolve, reject)
  try {
    return await promise
  } finally {
    raw.off('data', count)
    pace.came(0)
  }
}
