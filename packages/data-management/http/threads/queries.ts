/** The queries by name, and the function that answers each. They run in worker threads (query-thread.ts). */
import { conditionChanges } from '../../notices/look.ts'
import { watchBaseline, watchedNow } from '../../notices/watched.ts'
import { barcodesKnown } from '../routes/barcodes.ts'
import { changeLines, changesFound } from '../routes/changes.ts'
import { figuresNow } from '../routes/figures.ts'
import { findingsNow } from '../routes/findings.ts'
import { type NoticesParameters, noticesListed } from '../routes/notices.ts'
import { overviewSince } from '../routes/overview.ts'
import { chainsOfProduct, oneProduct, pricesOfProduct, productsFound } from '../routes/products.ts'
import { referencesFor } from '../routes/references.ts'
import { rejectGroups, rejectLines } from '../routes/rejects.ts'
import { sourcesListed } from '../routes/sources.ts'
import { scrapesListed, storesListed } from '../routes/stores.ts'
import { tickableNow } from '../routes/tickable.ts'
import { previewOfUpload, rejectsOfUpload, uploadsListed, uploadsRequested, uploadsSorted } from '../routes/uploads.ts'
import { suggestionsListed } from '../routes/verdicts.ts'
import { watchesListed } from '../routes/watches.ts'
import type { QueryName, Reading } from './reading.ts'

/** The function that answers each query. */
export const QUERIES = {
  barcodes: barcodesKnown,
  chainHistories: chainsOfProduct,
  changeLines,
  changes: changesFound,
  conditions: conditionChanges,
  figures: figuresNow,
  findings: findingsNow,
  notices: ({ inbox }: Reading, parameters: NoticesParameters) => noticesListed(inbox.ledger, parameters),
  overview: overviewSince,
  preview: previewOfUpload,
  prices: pricesOfProduct,
  product: oneProduct,
  products: productsFound,
  references: referencesFor,
  rejectGroups,
  rejectLines,
  rejectsOfUpload,
  requested: uploadsRequested,
  scrapes: scrapesListed,
  sent: ({ inbox }: Reading, { keyId, since }: { keyId: string; since: number }) =>
    inbox.ledger.uploads.sentSince(keyId, since),
  sortedUploads: uploadsSorted,
  sources: sourcesListed,
  stores: storesListed,
  suggestions: suggestionsListed,
  tickable: tickableNow,
  uploads: uploadsListed,
  watchBaseline,
  watched: async (reading: Reading) => ({ changed: await watchedNow(reading) }),
  watches: watchesListed,
  waitingByKey: ({ inbox }: Reading) => inbox.ledger.uploads.backlogByKey(),
} as const satisfies Record<QueryName, (reading: Reading, parameters: never) => Promise<object>>
