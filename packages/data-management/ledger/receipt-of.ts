/** The receipt of an upload on record. */
import { Problem } from '@splitcart/shared/problem.ts'
import { type LoadResult, NO_REMARKS, type Receipt, type UploadState } from '@splitcart/shared/receipt.ts'
import { type BeliefInForce, withBelief } from '@splitcart/shared/truth/beliefs.ts'
import type { Repair } from '@splitcart/shared/truth/finding.ts'
import { Beliefs } from './beliefs.ts'
import type { LedgerDatabase } from './database.ts'
import { DECISION_TEXT } from './decided.ts'
import type { Upload } from './uploads.ts'

/** The receipt of an upload. `duplicate`: the bytes were on record already; `beliefs`: those in force now. */
export function receiptOf(upload: Upload, duplicate: boolean, beliefs: readonly BeliefInForce[] = []): Receipt {
  const { id, filename, sha256, bytes, lines, kind } = upload
  return {
    id,
    kind,
    filename,
    sha256,
    bytes,
    lines,
    state: upload.state as UploadState,
    received_at: new Date(upload.received_at).toISOString(),
    duplicate,
    message: `Successfully uploaded and decompressed '${filename}'`,
    ...loadFields(upload.load, beliefs),
  }
}

type Findings = NonNullable<Receipt['findings']>

/** The part of a receipt that tells the result of the load, with warnings and findings. */
function loadFields(
  stored: string | null,
  beliefs: readonly BeliefInForce[],
): Pick<Receipt, 'load' | 'warnings' | 'ignored' | 'findings'> {
  if (stored === null) return { load: null }
  const { remarks, findings = [], ...load } = JSON.parse(stored) as LoadResult
  const withBeliefs = findings.map((finding) => withBelief(beliefs, finding))
  return { load, ...(remarks ?? NO_REMARKS), findings: withBeliefs as unknown as Findings }
}

/** The repair that the hold of an upload offers. */
export function offeredRepair(upload: Upload): Repair | undefined {
  const { findings = [] } = upload.load === null ? {} : (JSON.parse(upload.load) as LoadResult)
  return findings.find(({ held, repair }) => held && repair !== null)?.repair ?? undefined
}

/** The repair to release an upload with: null for none; throws `state_other` if one is wanted but none is offered. */
export function repairFor(upload: Upload, isWanted: boolean): Repair | null {
  if (!isWanted) return null
  const repair = offeredRepair(upload)
  if (repair === undefined) throw new Problem('state_other', `no repair is offered for ${upload.filename}`)
  return repair
}

/**
 * The receipts for one sender. A sender that was not the first sees only what it sent itself, and no text of a person.
 */
export async function receiptsFor(
  database: LedgerDatabase,
  uploads: readonly Upload[],
  keyId: string,
  duplicate: boolean,
): Promise<Receipt[]> {
  if (uploads.length === 0) return []
  const ids = uploads.map(({ id }) => id)
  const deliveries = await database
    .selectFrom('delivery')
    .select(['upload_id', 'key_id', 'first_at', 'filename'])
    .where('upload_id', 'in', ids)
    .orderBy('first_at')
    .orderBy('key_id')
    .execute()
  const byUpload = Map.groupBy(deliveries, ({ upload_id }) => upload_id)
  const beliefs = await new Beliefs(database).current()
  return uploads.map((upload) => {
    const all = byUpload.get(upload.id) ?? []
    const own = all.find(({ key_id }) => key_id === keyId)
    if (own === undefined || own === all[0]) return receiptOf(upload, duplicate, beliefs)
    const { first_at: received_at, filename } = own
    const receipt = receiptOf({ ...upload, received_at, filename: filename ?? upload.filename }, duplicate, beliefs)
    return receipt.load === null ? receipt : { ...receipt, load: withoutPersonsText(receipt.load) }
  })
}

function withoutPersonsText(load: LoadResult): LoadResult {
  return { ...load, problem: load.problem?.replace(DECISION_TEXT, '$1.') ?? null }
}
