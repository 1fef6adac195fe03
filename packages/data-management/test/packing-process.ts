/** Packs the files of a folder, one after the other, and prints how many KiB of memory this process has had at most. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { realDisk } from '@splitcart/shared/disk.ts'
import { compact } from '@splitcart/shared/packed/compact.ts'

const [folder = ''] = process.argv.slice(2)
for (const name of await readdir(folder))
  await compact(realDisk(), { path: join(folder, name), form: 'packed', isRight: () => true })
process.stdout.write(String(process.resourceUsage().maxRSS))
