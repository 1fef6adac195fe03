/** What a planted mistake may do otherwise, and where. Nothing: the product as it is. */
import type { Catalogue } from '@splitcart/data-management/catalogue/catalogue.ts'
import type { IncomingFile } from '@splitcart/data-management/inbox/accept.ts'
import type { Ledger } from '@splitcart/data-management/ledger/ledger.ts'
import type { UploadClient } from '@splitcart/scraping/upload-client.ts'
import type { Disk } from '@splitcart/shared/disk.ts'
import type { CatalogueTables, Commit, LedgerTables } from './databases.ts'
import type { Process } from './world.ts'

export type Mistake = Readonly<{
  client?: (disk: Disk) => Disk
  upload?: (client: UploadClient, disk: Disk) => UploadClient
  /** While the server starts. */
  start?: (disk: Disk) => Disk
  /** Called anew for each upload. */
  server?: (disk: Disk, sent: IncomingFile) => Disk
  keepsParts?: boolean
  /** The ledger of the server. */
  receiver?: (ledger: Ledger) => Ledger
  loader?: (disk: Disk) => Disk
  catalogue?: (catalogue: Catalogue) => Catalogue
  commit?: (process: Process) => Commit
  databases?: (tables: Readonly<{ ledger: LedgerTables; catalogue: CatalogueTables }>) => void
}>
