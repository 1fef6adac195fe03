/** Two folders that a file is handed over between. */
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../../../test/folders.ts'
import { type Disk, realDisk } from '../disk.ts'

export type Folders = AsyncDisposable & Readonly<{ path: string; from: string; to: string; part: string }>

/** A folder to come from, with the part `part` in it unless `text` is undefined, and a folder to go to. */
export async function folders(text?: string): Promise<Folders> {
  const at = await temporaryFolder()
  const [from, to] = [join(at.path, 'from'), join(at.path, 'to')]
  for (const folder of [from, to]) await mkdir(folder)
  const part = join(from, 'part')
  if (text !== undefined) await writeFile(part, text)
  return { ...at, from, to, part, [Symbol.asyncDispose]: () => at[Symbol.asyncDispose]() }
}

/** What lies in a folder: names and texts. */
export async function contentOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort()
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')])),
  )
}

/** A disk that notes which folders were synced. */
export function watched(): { disk: Disk; synced: string[] } {
  const synced: string[] = []
  const noting = async (...[path, ...rest]: Parameters<Disk['open']>) => {
    const file = await open(path, ...rest)
    const sync = file.sync.bind(file)
    file.sync = () => {
      synced.push(String(path))
      return sync()
    }
    return file
  }
  return { disk: { ...realDisk(), open: noting }, synced }
}
