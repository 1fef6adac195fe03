/** Scenes in which a scraper is hit while it hands files to the outbox with JsonlWriter. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openFolders } from '@splitcart/scraping/folders.ts'
import { orphanedPartsIn, salvage } from '@splitcart/scraping/orphaned-parts.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { recordsIn, startProgram, withoutSettings } from '../../test/machines.ts'
import { type File, scrapeOf } from './files.ts'
import { foreignIn, missingFrom } from './invariants.ts'
import { contentsOf, type Place } from './place.ts'
import { firstFault, type Scene } from './scene.ts'

const PROGRAM = fileURLToPath(new URL('write-scrape.ts', import.meta.url))

/** The scenes of a scraper. */
export const WRITER_SCENES: readonly Scene[] = [
  writerScene('1 file', ['a']),
  writerScene('3 files', ['a', 'b', 'c']),
  // The second time its bytes are there already.
  writerScene('a duplicate', ['a', 'a']),
]

function writerScene(title: string, stores: readonly string[]): Scene {
  const files = [...new Set(stores)].map(scrapeOf)
  return {
    name: `writer, ${title}`,
    prepare: async () => {},
    act: async (place, start) => {
      const run = start({ args: [PROGRAM, ...stores], environment: environmentOf(place) })
      const { code, signal, stdout, stderr } = await run.ended
      const acknowledged = recordsIn<{ sha256: string }>({ stdout }).map(({ sha256 }) => sha256)
      return { acknowledged, killed: signal === 'SIGKILL', code, printed: stdout + stderr }
    },
    faultAfterBlow: (place, { acknowledged }) => {
      const outbox = outboxOf(place)
      return firstFault(
        () => foreignIn(files, outbox),
        () => missingFrom(acknowledged, outbox),
      )
    },
    recover: async (place) => {
      const environment = { ...withoutSettings(), ...environmentOf(place) }
      const { code, stderr } = await startProgram([PROGRAM, ...stores], place.root, environment).ended
      if (code !== 0) return `the scraper ended with ${code}: ${stderr}`
      const folders = await openFolders(realDisk(), place.own)
      for (const orphan of await orphanedPartsIn(realDisk(), folders)) await salvage(realDisk(), folders, orphan)
      return undefined
    },
    faultWhenQuiet: (place) => faultOfOutbox(place, files),
  }
}

async function faultOfOutbox(place: Place, files: readonly File[]) {
  const outbox = outboxOf(place)
  const lost = await missingFrom(
    files.map(({ sha256 }) => sha256),
    outbox,
  )
  if (lost !== undefined) return lost
  const others = [...(await contentsOf(outbox)).keys()].filter((name) => !files.some((file) => file.name === name))
  // What a writer that was killed had written, saved by salvage: whole rows.
  const wrong = others.find((name) => !/-salvaged.*\.jsonl$/.test(name))
  if (wrong !== undefined) return `${wrong} is in the outbox`
  // Marks of files that are whole wait with them for the sender.
  const left = (await readdir(join(outbox, '.spool')).catch(() => [])).filter((name) => !name.startsWith('.whole-'))
  return left.length === 0 ? undefined : `left in .spool: ${left.join(', ')}`
}

function outboxOf({ own }: Place): string {
  return join(own, 'product_outbox')
}

function environmentOf({ own }: Place) {
  return { SCRAPING_DATA_DIR: own }
}
