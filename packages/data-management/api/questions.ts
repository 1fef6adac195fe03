/** What can be asked, and who has the answers. They are found out in a thread of their own (question-thread.ts). */
import { conditionChanges } from '../notices/look.ts'
import { watchBegun, watchedNow } from '../notices/watched.ts'
import { barcodesKnown } from './barcodes.ts'
import { changeLines, changesFound } from './changes.ts'
import { figuresNow } from './figures.ts'
import { findingsNow } from './findings.ts'
import { type NoticesQuestion, noticesListed } from './notices.ts'
import { overviewSince } from './overview.ts'
import { chainsOfProduct, oneProduct, pricesOfProduct, productsFound } from './products.ts'
import type { QuestionName, Reading } from './reading.ts'
import { referencesFor } from './references.ts'
import { rejectGroups, rejectLines } from './rejects.ts'
import { sourcesListed } from './sources.ts'
import { scrapesListed, storesListed } from './stores.ts'
import { tickableNow } from './tickable.ts'
import { previewOfUpload, rejectsOfUpload, uploadsListed, uploadsRequested, uploadsSorted } from './uploads.ts'
import { suggestionsListed } from './verdicts.ts'
import { watchesListed } from './watches.ts'

/** The answer to each question. */
export const QUESTIONS = {
  barcodes: barcodesKnown,
  chainHistories: chainsOfProduct,
  changeLines,
  changes: changesFound,
  conditions: conditionChanges,
  figures: figuresNow,
  findings: findingsNow,
  notices: ({ inbox }: Reading, question: NoticesQuestion) => noticesListed(inbox.ledger, question),
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
  watchBegun,
  watched: async (reading: Reading) => ({ changed: await watchedNow(reading) }),
  watches: watchesListed,
  waitingByKey: ({ inbox }: Reading) => inbox.ledger.uploads.waitingByKey(),
} as const satisfies Record<QuestionName, (reading: Reading, question: never) => Promise<object>>
