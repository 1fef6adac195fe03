/** A consistent copy of a SQLite database while it is in use. */

import { basename, dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Disk } from '@splitcart/shared/disk.ts'
import { finishPart, land, removeIfThere } from '@splitcart/shared/durable-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'

/**
 * Copies a database as it stands at this moment; writers go on meanwhile. The copy appears whole and durable, and never over a file
 * that is there. Throws `database_unusable` when the source cannot be read.
 */
export async function copyDatabase(disk: Disk, from: string, to: string): Promise<void> {
  const part = `${to}.part`
  await removeIfThere(disk, part)
  {
    using source = openToRead(from)
    source.prepare('vacuum into ?').run(part)
  }
  // SQLite writes such a copy without syncing it.
  await finishPart(await disk.open(part, 'r+'))
  const landed = await land(disk, part, dirname(to), [basename(to)])
  if (landed.wasThere) throw new Problem('machine_refused', `${to} exists`)
}

/** Checks a copy: its pages, and that it has the tables of what it should be. Throws `backup_unusable`. */
export function checkCopy(path: string, table: string): void {
  try {
    using copy = openToRead(path)
    const result = copy.prepare('pragma integrity_check').get()?.integrity_check
    if (result !== 'ok') throw new Error(String(result))
    copy.prepare(`select count(*) from ${table}`).get()
  } catch (cause) {
    throw new Problem('backup_unusable', `${path}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

function openToRead(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { readOnly: true, timeout: 30_000 })
  } catch (cause) {
    throw new Problem('database_unusable', `${path}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}
