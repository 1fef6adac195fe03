/** `POST /api/uploads/{id}/release`, `discard`, `undo` and `replay`: request an action, which update-db runs. */
import { Problem } from '@splitcart/shared/problem.ts'
import type { UploadState } from '@splitcart/shared/receipt.ts'
import type { FastifyInstance } from 'fastify'
import { inboxOf } from '../../inbox/folder/folder-inbox.ts'
import type { UploadAction } from '../../ledger/database.ts'
import { repairFor } from '../../ledger/receipt-of.ts'
import type { Upload } from '../../ledger/uploads.ts'
import { auditName, principalOf } from '../auth/authentication.ts'
import { MAY_CHANGE, withBody } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { visibleUpload, withDetails } from './upload-view.ts'
import { ACTION_BODY, type ActionName, UPLOAD_SCHEMA } from './uploads-schema.ts'

/** What a route requests. `from`: states that allow it; `isLimited`: loads only rows that the senders' keys may write. */
type ActionKind = Readonly<{
  action: UploadAction
  from: readonly UploadState[]
  reason: string
  summary: string
  isLimited?: boolean
}>

const ACTION_KINDS: Readonly<Record<ActionName, ActionKind>> = {
  release: {
    action: 'load',
    from: ['held'],
    reason: 'released',
    summary: 'Load a held upload all the same',
    isLimited: true,
  },
  discard: { action: 'discard', from: ['held'], reason: 'discarded', summary: 'Set a held upload aside for good' },
  undo: { action: 'undo', from: ['loaded'], reason: 'taken out', summary: 'Take a load out of the catalogue again' },
  replay: {
    action: 'load',
    from: ['loaded', 'held', 'failed'],
    reason: 'replayed',
    summary: 'Load an upload once more, in place of its load, with all rows whatever its senders may write',
  },
}

type WithId = { Params: { id: string }; Body: { reason?: string; repair?: boolean } | null }

/** Adds the routes. */
export function actionRoutes(server: FastifyInstance, { inbox }: Services): void {
  const { uploads } = inbox.ledger
  for (const [name, kind] of Object.entries(ACTION_KINDS)) {
    const { action, from, summary, isLimited = false } = kind
    const options = { ...withBody(ACTION_BODY, { summary, response: { 202: UPLOAD_SCHEMA } }), config: MAY_CHANGE }
    server.post<WithId>(`/api/uploads/:id/${name}`, options, async (request, reply) => {
      const upload = await visibleUpload(inbox, request)
      await checkAllowed(upload, kind)
      const reason = request.body?.reason?.trim() || kind.reason
      const by = auditName(principalOf(request))
      const repair = name === 'release' ? repairFor(upload, request.body?.repair === true) : undefined
      const requested = { action, by, reason, isLimited, ...(repair !== undefined && { repair }) }
      const isOnRecord = await uploads.requestActionFrom(upload.id, from, requested)
      if (!isOnRecord) throw new Problem('state_other', `${upload.filename} has changed meanwhile`)
      return reply.code(202).send((await withDetails(inbox, [await visibleUpload(inbox, request)]))[0])
    })
  }

  async function checkAllowed(upload: Upload, { action, from }: ActionKind): Promise<void> {
    const { filename, state } = upload
    if (upload.action !== null) throw new Problem('state_other', `${filename} is to be changed already`)
    if (!(from as readonly string[]).includes(state))
      throw new Problem('state_other', `${filename} is ${state}, not ${from.join(' or ')}`)
    if (action === 'load' && !(await inboxOf(inbox).has(upload)))
      throw new Problem('state_other', `the file of ${filename} is no longer here: it was pruned or removed`)
  }
}
