/** The functions that answer queries in worker threads (query-thread.ts), by the name of the query. */
import { conditionChanges } from '../../notices/condition-changes.ts'
import { changedWatches, watchBaseline } from '../../notices/watched.ts'
import { lookUpBarcodes } from '../routes/barcodes.ts'
import { changeLines, changePage } from '../routes/changes.ts'
import { readFigures } from '../routes/figures.ts'
import { readFindings } from '../routes/findings.ts'
import { type NoticesParameters, noticePage } from '../routes/notices.ts'
import { readOverview } from '../routes/overview.ts'
import { productPage, readChains, readPrices, readProductAnswer } from '../routes/products.ts'
import { readReferences } from '../routes/references.ts'
import { rejectGroups, rejectLines } from '../routes/rejects.ts'
import { sourcePage } from '../routes/sources.ts'
import { scrapePage, storePage } from '../routes/stores.ts'
import { findTickable } from '../routes/tickable.ts'
import { lostUploads, previewOfUpload, rejectsOfUpload, sortedUploadPage, uploadPage } from '../routes/uploads.ts'
import { suggestionPage } from '../routes/verdicts.ts'
import { watchList } from '../routes/watches.ts'
import type { QueryContext, QueryName } from './query-context.ts'

/** The function that answers a query, by its name. */
export const QUERIES = {
  barcodes: lookUpBarcodes,
  chainHistories: readChains,
  changeLines,
  changes: changePage,
  conditions: conditionChanges,
  figures: readFigures,
  findings: readFindings,
  notices: ({ inbox }: QueryContext, parameters: NoticesParameters) => noticePage(inbox.ledger, parameters),
  overview: readOverview,
  preview: previewOfUpload,
  prices: readPrices,
  product: readProductAnswer,
  products: productPage,
  references: readReferences,
  rejectGroups,
  rejectLines,
  rejectsOfUpload,
  requested: lostUploads,
  scrapes: scrapePage,
  sent: ({ inbox }: QueryContext, { keyId, since }: { keyId: string; since: number }) =>
    inbox.ledger.uploads.sentSince(keyId, since),
  sortedUploads: sortedUploadPage,
  sources: sourcePage,
  stores: storePage,
  suggestions: suggestionPage,
  tickable: findTickable,
  uploads: uploadPage,
  watchBaseline,
  watched: async (reading: QueryContext) => ({ changed: await changedWatches(reading) }),
  watches: watchList,
  waitingByKey: ({ inbox }: QueryContext) => inbox.ledger.uploads.backlogByKey(),
} as const satisfies Record<QueryName, (reading: QueryContext, parameters: never) => Promise<object>>
