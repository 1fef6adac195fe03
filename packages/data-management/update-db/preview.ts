/** `update-db --products --dry-run`: what loading the files of the inbox would do, one after the other. It changes nothing. */
import { digestOfFile } from '@splitcart/shared/digest.ts'
import { describeChanges, type HoldPreview } from '../catalogue/hold-preview.ts'
import type { LineCounts } from '../catalogue/loads.ts'
import { type StoredFile, verifiedContent } from '../inbox/stored.ts'
import { type InboxFile, listInbox } from '../inbox/waiting.ts'
import { previewFile } from './load-file.ts'
import type { LoaderContext } from './process.ts'

/** A price that would change. Money is whole cents. */
export type PriceJump = HoldPreview['jumps'][number]

/** What loading one file would do. `known`: these bytes are settled already, and nothing would happen. */
export type FilePreview = Readonly<{
  name: string
  known: boolean
  counts: LineCounts
  inserted: number
  changed: number
  unchanged: number
  disappeared: number
  jumps: readonly PriceJump[]
  /** Why it would be held or fail. */
  reason: string | null
}>

/** Previews every file of the inbox, each as if those before it had been loaded. */
export async function* previewInbox(work: LoaderContext): AsyncGenerator<FilePreview> {
  const { files } = await listInbox(work.disk, work.folders.inbox)
  // Never committed: when this is disposed of, nothing has happened.
  await using catalogue = await work.catalogue.beginDryRun()
  for (const file of files) yield await preview({ ...work, catalogue }, file)
}

async function preview(work: LoaderContext, file: InboxFile): Promise<FilePreview> {
  const { sha256 } = await digestOfFile(work.disk, file.path)
  const known = await work.catalogue.findLoad(sha256)
  if (known !== undefined)
    return { ...NOTHING, name: file.name, known: true, counts: known.result, reason: known.result.problem }
  const upload = await work.ledger.uploads.findBySha256(sha256)
  const stored: StoredFile = { path: file.path, sha256, place: 'inbox' }
  const receivedAt = work.now()
  const { counts, applied, reason } = await previewFile(work.catalogue, {
    file: { sha256, filename: file.name, receivedAt, rankedAt: await work.ledger.arrivals.nextRank(receivedAt) },
    bytes: () => verifiedContent(work.disk, stored),
    lineBytesMax: work.lineBytesMax,
    hold: work.hold,
    onlyFor: upload === undefined ? null : await work.ledger.rightsOfUpload(upload.id),
    now: work.now,
  })
  const { inserted, changed, unchanged, disappeared, jumps } = await describeChanges(work.catalogue.database, applied)
  return {
    name: file.name,
    known: false,
    counts,
    inserted,
    changed,
    unchanged,
    disappeared,
    jumps,
    reason: reason ?? null,
  }
}

const NOTHING = { inserted: 0, changed: 0, unchanged: 0, disappeared: 0, jumps: [] } as const
