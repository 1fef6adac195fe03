/** Writes settings into a settings file and keeps its other lines. Only its owner can read the file. */
import { dirname, join } from 'node:path'
import { type Disk, openToRead } from '@splitcart/shared/disk.ts'
import { remove, replace } from '@splitcart/shared/durable-file.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'
import { decodeText } from './env-file.ts'

type Values = Readonly<Record<string, string | undefined>>

/** Sets values, and removes undefined ones; a file without lines left is deleted. */
export async function writeSettings(disk: Disk, path: string, values: Values): Promise<void> {
  const before = await readText(disk, path)
  const kept = before.split(/\r\n|\n|\r/).filter((line) => !Object.hasOwn(values, settingNameIn(line)))
  const added = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${quotedValue(value)}`],
  )
  const lines = [...kept.join('\n').trimEnd().split('\n'), ...added].filter((line, at) => at > 0 || line !== '')
  if (lines.every((line) => line.trim() === '')) {
    if (before !== '') await remove(disk, path)
    return
  }
  await makeFolder(disk, dirname(path))
  // The new file is created with mode 0600 and replaces the old one.
  await replace(disk, path, `${lines.join('\n')}\n`)
}

/** Throws if the file could not be written; called before any step that cannot be repeated. */
export async function tryToWrite(disk: Disk, path: string): Promise<void> {
  await makeFolder(disk, dirname(path))
  const probe = join(dirname(path), `.splitcart-${process.pid}.probe`)
  await replace(disk, probe, '')
  await remove(disk, probe)
}

async function readText(disk: Disk, path: string): Promise<string> {
  try {
    await using file = await openToRead(disk, path)
    return decodeText(await file.readFile())
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

function settingNameIn(line: string): string {
  return /^\s*(?:set\s+"?|\$env:\s*|export\s+)?["']?(?<name>\w+)["']?\s*[=:]/i.exec(line)?.groups?.name ?? ''
}

/** Quotes a value if needed, with a quotation mark that it does not contain. */
function quotedValue(value: string): string {
  if (/^[\w./:@%+,-]*$/.test(value)) return value
  const mark = ["'", '"', '`'].find((each) => !value.includes(each)) ?? "'"
  return `${mark}${value}${mark}`
}
