/** Of several bases each file is packed against the one that is most alike. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/folders.ts'
import { realDisk } from '../disk.ts'
import { compact } from '../packed/compact.ts'

const ROWS = 300
const DAYS = 4

/** A scrape as a version of the scraper writes it: what it says of a product is nothing that another version says. */
function scrapeBy(version: string, day: number): string {
  const rows = Array.from({ length: ROWS }, (_, number) => {
    const name = createHash('sha256').update(`${version} ${number}`).digest('hex')
    const metadata = { company: 'aldi', store_id: 'g1', scraped_at: `2025-09-1${day}T08:00:00Z` }
    return JSON.stringify({ metadata, product: { sku: `${number}`, name, price: number / 100 } })
  })
  return `${rows.join('\n')}\n`
}

test('files of versions of a scraper that take turns are packed against one base for each version', async () => {
  await using at = await temporaryFolder()
  const versions = ['first', 'second', 'third']
  const sizes: number[] = []
  for (let day = 1; day <= DAYS; day++)
    for (const version of versions) {
      const path = join(at.path, `${version}-${day}.jsonl`)
      await writeFile(path, scrapeBy(version, day))
      assert.equal(await compact(realDisk(), { path, form: 'packed', isRight: () => true }), 'compacted')
      sizes.push((await stat(`${path}.dcz`)).size)
    }
  assert.equal((await readdir(join(at.path, '.bases'))).length, versions.length)
  assert.ok(Math.max(...sizes) < 2000, `packed files have ${sizes} bytes`)
})
