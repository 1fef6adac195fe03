/** `GET /api/uploads/{id}/repair`: the rows that an upload's repair changes: the accepted one, else the offered one. */

import { isBlank, LINE_BYTES_MAX, readLines } from '@splitcart/shared/lines.ts'
import { money } from '@splitcart/shared/money.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { isRejection, type Row, readRow } from '@splitcart/shared/row.ts'
import type { AcceptedRepair, Repair } from '@splitcart/shared/truth/finding.ts'
import { applyRepair, repairSentence } from '@splitcart/shared/truth/repairs.ts'
import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import type { Receiving } from '../../inbox/accept.ts'
import { openContent } from '../../inbox/open-content.ts'
import { repairOffered } from '../../ledger/receipt-of.ts'
import type { Upload } from '../../ledger/uploads.ts'
import { objectOf } from '../edge/object-schema.ts'
import { COUNT, COUNT_OR_NULL, DATE, limitOf, readable, TEXT_OR_NULL } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { visibleUpload } from './upload-view.ts'

const QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { after: COUNT, limit: limitOf(50, 500) },
} as const

const RESPONSE = objectOf({
  does: { type: 'string' },
  /** null: the repair is only offered. */
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
  /** The line after which the next page begins; null: this is the last page. */
  next: COUNT_OR_NULL,
})

/** What a repair changes, as the API returns it. */
export type RepairView = Static<typeof RESPONSE>
type Change = RepairView['changes'][number]
type OfOne = { Params: { id: string }; Querystring: { after?: number; limit: number } }

/** Adds the route. */
export function repairRoutes(server: FastifyInstance, { inbox }: Services): void {
  const summary = 'What the repair of an upload changes: the one that was accepted, else the one that is offered'
  const options = readable(QUERY, { summary, response: { 200: RESPONSE } })
  server.get<OfOne>('/api/uploads/:id/repair', options, async (request) => {
    const upload = await visibleUpload(inbox, request)
    const accepted = upload.repair === null ? undefined : (JSON.parse(upload.repair) as AcceptedRepair)
    const repair = accepted?.repair ?? repairOffered(upload)
    if (repair === undefined) throw new Problem('not_found', 'no repair is offered for this upload, and none was made')
    const { after = 0, limit } = request.query
    const changes = await changesIn(inbox, upload, repair, { after, limit })
    const next = changes.length > limit ? changes[limit - 1]!.line : null
    return { does: repairSentence(repair), accepted_by: accepted?.by ?? null, changes: changes.slice(0, limit), next }
  })
}

type Page = Readonly<{ after: number; limit: number }>

/** The changes after a line; if there are more than `limit`, at least one more than fits. */
async function changesIn(inbox: Receiving, upload: Upload, repair: Repair, { after, limit }: Page): Promise<Change[]> {
  const changes: Change[] = []
  for await (const lines of readLines(await openContent(inbox, upload), LINE_BYTES_MAX))
    for (const { number, bytes, tooLong } of lines) {
      if (number <= after || tooLong || isBlank(bytes)) continue
      const row = readRow(bytes)
      if (isRejection(row)) continue
      changes.push(...changeOf(number, row, applyRepair(row, repair)))
      if (changes.length > limit) return changes
    }
  return changes
}

function changeOf(line: number, before: Row, after: Row): Change[] {
  const { company, storeCode: store_id, date, sku, name } = before
  const told = (
    [
      ['price_current', priceOf(before.priceCents), priceOf(after.priceCents)],
      ['name', before.name, after.name],
      ['scraped_date', before.date, after.date],
    ] as const
  ).filter(([, from, to]) => from !== to)
  return told.map(([field, from, to]) => ({ line, company, store_id, date, sku, name, field, from, to }))
}

function priceOf(cents: number | null): string {
  return cents === null ? '' : money(cents)
}
