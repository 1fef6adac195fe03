/**
 * The folders of a scraping machine. Where a file lies says how far it has come:
 *
 *   product_outbox/.part/          being written           product_outbox/.spool/       the compressed copy that is sent
 *   product_outbox/                complete, waiting       temp_jsonl_product_storage/  accepted: the archive
 *   product_refused/               the server will never take these bytes as they are
 */
import { join, resolve } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'

export type Folders = Readonly<{ outbox: string; part: string; spool: string; archive: string; refused: string }>

/** Names the folders below a data folder (the setting SCRAPING_DATA_DIR) and touches nothing. */
export function foldersIn(dataDir: string): Folders {
  const outbox = resolve(dataDir, 'product_outbox')
  return {
    outbox,
    part: join(outbox, '.part'),
    spool: join(outbox, '.spool'),
    archive: resolve(dataDir, 'temp_jsonl_product_storage'),
    refused: resolve(dataDir, 'product_refused'),
  }
}

/** Makes the folders that are missing, durably. */
export async function openFolders(disk: Disk, dataDir: string): Promise<Folders> {
  const folders = foldersIn(dataDir)
  for (const folder of Object.values(folders)) await makeFolder(disk, folder)
  return folders
}
