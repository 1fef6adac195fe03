/** `GET /api/uploads/{id}/repair`: what the repair of an upload changes: the accepted one, or else the offered one. */

import { isBlank, LINE_BYTES_MAX, readLines } from '@splitcart/shared/lines.ts'
import { money } from '@splitcart/shared/money.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { isRejection, type Row, readRow } from '@splitcart/shared/row.ts'
import type { AcceptedRepair, Repair } from '@splitcart/shared/truth/finding.ts'
import { applyRepair, repairSentence } from '@splitcart/shared/truth/repairs.ts'
import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import type { ReceivingContext } from '../../inbox/accept.ts'
import { openContent } from '../../inbox/open-content.ts'
import { offeredRepair } from '../../ledger/receipt-of.ts'
import type { Upload } from '../../ledger/uploads.ts'
import { objectOf } from '../edge/object-schema.ts'
import { COUNT, COUNT_OR_NULL, DATE, pageSize, TEXT_OR_NULL, withQuery } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { visibleUpload } from './upload-view.ts'

const QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { after: COUNT, limit: pageSize(50, 500) },
} as const

const RESPONSE = objectOf({
  does: { type: 'string' },
  /** The person who accepted the repair; null: it is only offered. */
  accepted_by: TEXT_OR_NULL,
  changes: {
    type: 'array',
    items: objectOf({
      line: COUNT,
      company: { type: 'string' },
      store_id: { type: 'string' },
      date: DATE,
      sku: TEXT_OR_NULL,
      name: { type: 'string' },
      field: { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
    }),
  },
  /** The `after` of the next page; null: this is the last page. */
  next: COUNT_OR_NULL,
})

/** What a repair changes, as the API returns it. */
export type RepairView = Static<typeof RESPONSE>
type Change = RepairView['changes'][number]
type RepairRoute = { Params: { id: string }; Querystring: { after?: number; limit: number } }

/** Adds the route. */
export function repairRoutes(server: FastifyInstance, { inbox }: Services): void {
  const summary = 'What the repair of an upload changes: the one that was accepted, else the one that is offered'
  const options = withQuery(QUERY, { summary, response: { 200: RESPONSE } })
  server.get<RepairRoute>('/api/uploads/:id/repair', options, async (request) => {
    const upload = await visibleUpload(inbox, request)
    const accepted = upload.repair === null ? undefined : (JSON.parse(upload.repair) as AcceptedRepair)
    const repair = accepted?.repair ?? offeredRepair(upload)
    if (repair === undefined) throw new Problem('not_found', 'no repair is offered for this upload, and none was made')
    const { after = 0, limit } = request.query
    const changes = await changesIn(inbox, upload, repair, { after, limit })
    const next = changes.length > limit ? changes[limit - 1]!.line : null
    return { does: repairSentence(repair), accepted_by: accepted?.by ?? null, changes: changes.slice(0, limit), next }
  })
}

type Page = Readonly<{ after: number; limit: number }>

/** The changes after a line; more than `limit` of them if there is a further page. */
async function changesIn(
  inbox: ReceivingContext,
  upload: Upload,
  repair: Repair,
  { after, limit }: Page,
): Promise<Change[]> {
  const changes: Change[] = []
  for await (const lines of readLines(await openContent(inbox, upload), LINE_BYTES_MAX))
    for (const { number, bytes, tooLong } of lines) {
      if (number <= after || tooLong || isBlank(bytes)) continue
      const row = readRow(bytes)
      if (isRejection(row)) continue
      changes.push(...rowChanges(number, row, applyRepair(row, repair)))
      if (changes.length > limit) return changes
    }
  return changes
}

function rowChanges(line: number, before: Row, after: Row): Change[] {
  const { company, storeCode: store_id, date, sku, name } = before
  const fields = (
    [
      ['price_current', priceText(before.priceCents), priceText(after.priceCents)],
      ['name', before.name, after.name],
      ['scraped_date', before.date, after.date],
    ] as const
  ).filter(([, from, to]) => from !== to)
  return fields.map(([field, from, to]) => ({ line, company, store_id, date, sku, name, field, from, to }))
}

function priceText(cents: number | null): string {
  return cents === null ? '' : money(cents)
}
