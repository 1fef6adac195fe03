/** What the routes work with. */
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Inbox } from '../inbox/accept.ts'
import type { UnfinishedUploads } from '../inbox/unfinished.ts'

export type Services = Readonly<{
  inbox: Inbox
  /** Without it nothing can be resumed: `/api/upload/resumable/` is not there. */
  unfinished?: UnfinishedUploads
  /** For reading only: loads are made by update-db, in another process. */
  catalogue: Catalogue
}>
