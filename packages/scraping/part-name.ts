/**
 * The name of a part: `<stem>.<pid>-<random>.jsonl.part`. The process id distinguishes an orphaned part from that
 * of a running writer; the random half lets any number of writers work concurrently.
 */
import { randomBytes } from 'node:crypto'
import { stemOf } from '@splitcart/shared/file-name.ts'

/** The stem of a part whose scrape gets its name from its first row. */
const UNNAMED = 'unnamed'

const PART_NAME = /^(?<stem>.+)\.(?<pid>\d{1,10})-[0-9a-f]{12}\.jsonl\.part$/

/** A new name for the part of a file that will be called `fileName`, or is not named yet. */
export function partName(fileName: string | undefined, pid: number): string {
  const stem = fileName === undefined ? UNNAMED : stemOf(fileName)
  return `${stem}.${pid}-${randomBytes(6).toString('hex')}.jsonl.part`
}

/** Parses a part's name: the process that writes it, and the intended file name; undefined if not in the name. */
export function readPartName(name: string): Readonly<{ pid: number | undefined; fileName: string | undefined }> {
  const { stem, pid } = PART_NAME.exec(name)?.groups ?? {}
  if (pid === undefined) return { pid: undefined, fileName: `${stemOf(name.replace(/\.part$/, ''))}.jsonl` }
  return { pid: Number(pid), fileName: stem === UNNAMED ? undefined : `${stem}.jsonl` }
}
