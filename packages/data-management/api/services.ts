/** What the routes work with. */
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Inbox } from '../inbox/accept.ts'

export type Services = Readonly<{
  inbox: Inbox
  /** For reading only: loads are made by update-db, in another process. */
  catalogue: Catalogue
}>
