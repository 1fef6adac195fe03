/** Converts uploads to the form in which the API returns them, and checks which ones a request may see. */
import { Problem } from '@splitcart/shared/problem.ts'
import { isoTime } from '@splitcart/shared/time.ts'
import type { FastifyRequest } from 'fastify'
import type { ReceivingContext } from '../../inbox/accept.ts'
import { receiptOf } from '../../ledger/receipt-of.ts'
import type { UploadSender } from '../../ledger/senders.ts'
import type { Upload } from '../../ledger/uploads.ts'
import { principalOf } from '../auth/authentication.ts'
import type { UploadDetails, UploadView } from './uploads-schema.ts'

/** The receipts of uploads, with details for keys that may read. */
export async function withDetails(
  { ledger }: Pick<ReceivingContext, 'ledger'>,
  uploads: readonly Upload[],
): Promise<UploadView[]> {
  const senders = await ledger.sendersOf(uploads.map(({ id }) => id))
  const beliefs = await ledger.beliefs.current()
  return uploads.map((upload) => ({
    ...receiptOf(upload, false, beliefs),
    details: detailsOf(upload, senders.get(upload.id)),
  }))
}

function detailsOf(upload: Upload, sender: UploadSender | undefined): UploadDetails {
  const { wire_bytes, loading_at, settled_at, action, action_by, action_reason } = upload
  const requested = action === null ? null : { what: action, by: action_by ?? '', reason: action_reason ?? '' }
  return {
    sender: sender === undefined ? null : { key_id: sender.keyId, name: sender.name },
    times_sent: sender?.timesSent ?? 0,
    wire_bytes,
    load_started_at: isoTime(loading_at),
    settled_at: isoTime(settled_at),
    requested_action: requested,
    wish: requested,
  }
}

/** Whether a request may see uploads of other keys. */
export function maySeeAll(request: FastifyRequest): boolean {
  const { scopes } = principalOf(request)
  return scopes.has('read') || scopes.has('admin')
}

/** The upload that a request names, if its key may download the file: any with the scope `admin`, otherwise its own. */
export async function downloadableUpload(
  inbox: ReceivingContext,
  request: FastifyRequest<{ Params: { id: string } }>,
): Promise<Upload> {
  const upload = await visibleUpload(inbox, request)
  const { scopes, keyId } = principalOf(request)
  if (scopes.has('admin') || (await inbox.ledger.uploads.hasDelivered(keyId, upload.id))) return upload
  throw new Problem('not_found', 'this key has sent no upload with this id')
}

/** The upload that a request names. Throws `not_found`, also for an upload of another key that it may not see. */
export async function visibleUpload(
  { ledger: { uploads } }: ReceivingContext,
  request: FastifyRequest<{ Params: { id: string } }>,
): Promise<Upload> {
  const upload = await uploads.find(request.params.id)
  const isVisible = upload !== undefined && (maySeeAll(request) || (await hasSent(upload)))
  if (!isVisible) throw new Problem('not_found', 'no upload has this id')
  return upload

  function hasSent({ id }: Upload): Promise<boolean> {
    return uploads.hasDelivered(principalOf(request).keyId, id)
  }
}
