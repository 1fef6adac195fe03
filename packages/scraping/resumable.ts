/**
 * Sends a copy in pieces by the tus 1.0.0 protocol: tus-js-client on top of our own HTTP requests.
 *
 *   no sidecar ─▶ POST: an address, noted ─▶ PATCH ─┬─▶ complete ─▶ the id of the receipt
 *   sidecar ────▶ HEAD: where it stands ────▶       ├─▶ cut: once more from HEAD, as long as each try makes progress
 *                                                   └─▶ 413 of a proxy: once more from HEAD, in pieces of half the size
 *
 * Invariants:
 *  1. An address is noted durably before the first byte goes there, so a sender that is killed finds its upload again.
 *  2. The key goes to the origin in the settings only, whatever address the server names.
 *  3. The sidecar of an upload that the server no longer knows is removed, and a new upload is opened. A response of
 *     anything else (a portal, a proxy, a cache) leaves the sidecar as it is.
 */
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { removeIfThere } from '@splitcart/shared/durable-file.ts'
import { PRODUCTS } from '@splitcart/shared/kinds.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Upload, UploadOptions } from 'tus-js-client'
import { ForeignResponse, requestedDelayMs, retryRuleOf } from './answer.ts'
import { endpointOf, type OnSent, type Pieces, ResumableAttempt, type ResumableClient } from './resumable-attempt.ts'
import { readSidecar } from './sidecar.ts'
import { resumeSidecarPath, type Spooled } from './spool.ts'

/** Complete, with the receipt's id; or not resumable, for this file or any; or failed, with the offset reached. */
export type ResumableOutcome = SendOutcome | FailedAttempt

type SendOutcome = Readonly<{ receiptId: string }> | Readonly<{ notResumableFor: 'this file' | 'any file' }>

/** An error, and the upload's offset when the failed attempt began. */
export type FailedAttempt = Readonly<{ error: unknown; start: number }>

const PAUSE_MS_MAX = 200
/** Smallest piece size; no proxy with a lower limit has been seen. */
const PIECE_BYTES_MIN = 512 * 1024
const MEDIA_TYPE = 'application/offset+octet-stream'
const TUS = { 'Tus-Resumable': '1.0.0' }

/** Sends a copy; tries again as long as each attempt makes progress. */
export async function sendInPieces(
  client: ResumableClient,
  spooled: Spooled,
  onSent: OnSent,
): Promise<ResumableOutcome> {
  for (let before = -1; ; ) {
    const attempt = new ResumableAttempt(client, spooled, onSent)
    try {
      return await runAttempt(attempt)
    } catch (error) {
      if (isTooLarge(error) && halvePieceSize(client.pieces, attempt.pieceBytes)) continue
      const hasMoved = attempt.start > before && attempt.sentBytes > 0
      if (retryRuleOf(error) !== 'soon' || requestedDelayMs(error) > 0 || !hasMoved)
        return { error, start: attempt.start }
      before = attempt.start
      await sleep(Math.random() * PAUSE_MS_MAX)
    }
  }
}

/** Whether a proxy found the body too large. A SplitCart server's 413 is an AnswerError instead. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof ForeignResponse && error.status === 413
}

/** Halves the piece size after a piece of `bytes` was rejected; false if it is already at the minimum. */
export function halvePieceSize(pieces: Pieces, bytes: number): boolean {
  const before = Math.min(pieces.bytesMax, bytes)
  if (before <= PIECE_BYTES_MIN) return false
  pieces.bytesMax = Math.max(PIECE_BYTES_MIN, Math.ceil(before / 2))
  return true
}

/** Whether an upload of this copy has been started. */
export async function hasOpenUpload(client: ResumableClient, spooled: Spooled): Promise<boolean> {
  return (await storedAddress(client, spooled)) !== undefined
}

async function runAttempt(attempt: ResumableAttempt): Promise<SendOutcome> {
  const { client, spooled } = attempt
  const storedUrl = await storedAddress(client, spooled)
  try {
    await transfer(attempt, storedUrl)
  } catch (error) {
    if (storedUrl !== undefined && attempt.isGone) {
      await removeIfThere(client.disk, resumeSidecarPath(spooled))
      return runAttempt(attempt.next())
    }
    const notResumableFor = storedUrl === undefined ? attempt.notResumableFor : undefined
    if (notResumableFor !== undefined) return { notResumableFor }
    throw attempt.fault ?? error
  }
  return { receiptId: attempt.receiptId ?? (await finish(attempt)) }
}

function transfer(attempt: ResumableAttempt, storedUrl: URL | undefined): Promise<void> {
  const { client, spooled } = attempt
  const { kind } = client
  const { name: filename, encoding, sha256, dictionary } = spooled
  const about = { filename, encoding, sha256, ...(dictionary && { dictionary }) }
  const metadata = kind === PRODUCTS ? about : { ...about, kind }
  const address = storedUrl === undefined ? { endpoint: endpointOf(client).href } : { uploadUrl: storedUrl.href }
  const core = coreOfTus()
  return new Promise((resolve, reject) => {
    const options: UploadOptions = {
      ...core.defaultOptions,
      ...address,
      metadata,
      chunkSize: client.pieces.bytesMax,
      // Retries are made above and in retries.ts, which follow the retry rule of each problem.
      retryDelays: null,
      storeFingerprintForResuming: false,
      fingerprint: async () => '',
      fileReader: { openFile: async () => sourceOf(spooled) },
      httpStack: attempt,
      onSuccess: () => resolve(),
      onError: reject,
    }
    new core({} as Upload['file'], options).start()
  })
}

// Loads the library's core without its Node entry point, which listens to signals and locks files.
function coreOfTus(): typeof Upload & { defaultOptions: UploadOptions } {
  return createRequire(import.meta.url)('tus-js-client/lib.es5/upload.js').default
}

function sourceOf({ spooledBytes: size }: Spooled) {
  const slice = async (start: number, end: number) => ({ value: { start, size: end - start }, done: end >= size })
  return { size, slice, close: () => {} }
}

/** Asks again for the receipt of a complete upload: the server lacked resources or was stopped before accepting it. */
async function finish(attempt: ResumableAttempt): Promise<string> {
  const { url } = attempt
  const headers = { 'Upload-Offset': String(attempt.spooled.spooledBytes), 'Content-Type': MEDIA_TYPE }
  const answer = await attempt.exchange({ method: 'PATCH', url, headers: { ...TUS, ...headers } }, undefined)
  if (attempt.fault !== undefined) throw attempt.fault
  if (attempt.receiptId === undefined)
    throw new Problem('answer_unknown', `${url} has all bytes and answers ${answer.status} without a receipt`)
  return attempt.receiptId
}

/** The stored upload address of exactly this copy at the configured server; undefined if there is none. */
async function storedAddress(
  client: ResumableClient,
  { sha256, spooledBytes, ...rest }: Spooled,
): Promise<URL | undefined> {
  const path = resumeSidecarPath(rest)
  const sidecar = (await readSidecar(client.disk, path)) as
    | { url?: string; sha256?: string; spooledBytes?: number }
    | undefined
  if (sidecar?.url === undefined || sidecar.sha256 !== sha256 || sidecar.spooledBytes !== spooledBytes) return undefined
  return sidecar.url.startsWith(endpointOf(client).href) && URL.canParse(sidecar.url) ? new URL(sidecar.url) : undefined
}
