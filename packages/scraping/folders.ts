/**
 * The folders of a scraping machine. The folder of a file is its state:
 *
 *   product_outbox/.part/          being written           product_outbox/.spool/       the compressed copy that is sent
 *   product_outbox/                complete, waiting       temp_jsonl_product_storage/  accepted: the archive
 *   product_refused/               the server will never accept these bytes as they are
 *
 * Files of another kind than products have folders of their own, which begin with its name: `stores_outbox`.
 */
import { join, resolve } from 'node:path'
import { type Disk, undefinedIfMissing } from '@splitcart/shared/disk.ts'
import { isCompleteFile } from '@splitcart/shared/folder-usage.ts'
import { kindOfOutbox, PRODUCTS, stemOfKind } from '@splitcart/shared/kinds.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'

export type Folders = Readonly<{ outbox: string; part: string; spool: string; archive: string; refused: string }>

/** Returns the paths of a kind's folders in a data folder (SCRAPING_DATA_DIR), without touching the disk. */
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

/** Creates missing folders, durably. */
export async function openFolders(disk: Disk, dataDir: string, kind?: string): Promise<Folders> {
  const folders = foldersIn(dataDir, kind)
  for (const folder of Object.values(folders)) await makeFolder(disk, folder)
  return folders
}

/** The kinds that have an outbox in a data folder; always includes products, first. */
export async function kindsWithOutbox(disk: Disk, dataDir: string): Promise<string[]> {
  const names = (await disk.readdir(resolve(dataDir)).catch(undefinedIfMissing)) ?? []
  return [...new Set([PRODUCTS, ...names.sort().flatMap((name) => kindOfOutbox(name) ?? [])])]
}

/** Whether a name is that of a file with rows, not of a sidecar or hidden file. */
export function isDataFile(name: string): boolean {
  return isCompleteFile(name) && name.endsWith('.jsonl') && !name.endsWith('.rejects.jsonl')
}
