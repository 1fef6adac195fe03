/**
 * `hasty-sender.ts DATA_DIR URL KEY`: `upload-data --wait` with pauses of milliseconds, so that thousands of faults take minutes
 * instead of hours. Prints the SHA-256 of every receipt it hears of.
 */
import { openFolders } from '@splitcart/scraping/folders.ts'
import { createUploadClient } from '@splitcart/scraping/upload-client.ts'
import { uploadData } from '@splitcart/scraping/upload-data.ts'
import { realDisk } from '@splitcart/shared/disk.ts'

const [dataDir = '', server = '', key = ''] = process.argv.slice(2)
const disk = realDisk()
const summary = await uploadData(
  {
    disk,
    folders: await openFolders(disk, dataDir),
    client: createUploadClient({ server: new URL(server), key, disk }),
    patience: { triesMax: 40, firstDelayMs: 1, delayMsMax: 20 },
    signal: new AbortController().signal,
    on: (event) => {
      if (event.type === 'file' && event.receipt !== undefined)
        process.stdout.write(`${event.receipt.sha256} ${event.state}\n`)
    },
  },
  { wait: true },
)
process.stderr.write(`${JSON.stringify(summary)}\n`)
process.exitCode = summary.outcome === 'done' ? 0 : 5
