/**
 * The folders of a scraping machine. Where a file lies says how far it has come:
 *
 *   product_outbox/.part/          being written           product_outbox/.spool/       the compressed copy that is sent
 *   product_outbox/                complete, waiting       temp_jsonl_product_storage/  accepted: the archive
 *   product_refused/               the server will never take these bytes as they are
 *
 * Files of another kind than products have folders of their own, which begin with its name: `stores_outbox`.
 */
import { join, resolve } from 'node:path'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import { isShown } from '@splitcart/shared/folder-usage.ts'
import { kindOfOutbox, PRODUCTS, stemOfKind } from '@splitcart/shared/kinds.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'

export type Folders = Readonly<{ outbox: string; part: string; spool: string; archive: string; refused: string }>

/** Names the folders of a kind below a data folder (the setting SCRAPING_DATA_DIR) and touches nothing. */
export function foldersIn(dataDir: string, kind: string = PRODUCTS): Folders {
  const stem = stemOfKind(kind)
  const outbox = resolve(dataDir, `${stem}_outbox`)
  return {
    outbox,
    part: join(outbox, '.part'),
    spool: join(outbox, '.spool'),
    archive: resolve(dataDir, `temp_jsonl_${stem}_storage`),
    refused: resolve(dataDir, `${stem}_refused`),
  }
}

/** Makes the folders that are missing, durably. */
export async function openFolders(disk: Disk, dataDir: string, kind?: string): Promise<Folders> {
  const folders = foldersIn(dataDir, kind)
  for (const folder of Object.values(folders)) await makeFolder(disk, folder)
  return folders
}

/** The kinds that have an outbox below a data folder; products always, and first. */
export async function kindsThere(disk: Disk, dataDir: string): Promise<string[]> {
  const names = await disk.readdir(resolve(dataDir)).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  return [...new Set([PRODUCTS, ...names.sort().flatMap((name) => kindOfOutbox(name) ?? [])])]
}

/** Whether a name is that of a file with rows, and not of what lies beside it. */
export function isDataFile(name: string): boolean {
  return isShown(name) && name.endsWith('.jsonl') && !name.endsWith('.rejects.jsonl')
}
