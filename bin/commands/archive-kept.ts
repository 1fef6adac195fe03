/** `splitcart archive list, cat, verify, export`: reads kept files: those that were sent or loaded. */
import { once } from 'node:events'
import { lstatSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { AnswerError } from '@splitcart/scraping/answer.ts'
import { Digester } from '@splitcart/shared/digest.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { publish } from '@splitcart/shared/durable-file.ts'
import { candidateNames } from '@splitcart/shared/file-name.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'
import { writeVerifiedPart } from '@splitcart/shared/packed/checked-part.ts'
import { isUnreadable } from '@splitcart/shared/packed/damage.ts'
import { formOf, keptContent } from '@splitcart/shared/packed/kept-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { Argument, Command } from 'commander'
import { addOutputOptions, addSettingOptions, run } from '../command-line.ts'
import { EXIT } from '../exit-codes.ts'
import { columns, count, size } from '../format.ts'
import { type KeptFile, type KeptFiles, openKeptFiles, readKept } from '../kept-files.ts'
import type { Terminal } from '../terminal.ts'

type Options = { server?: boolean; obtain?: boolean; json?: boolean; quiet?: boolean }

const SETTINGS = ['SCRAPING_DATA_DIR', 'DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL', 'TIME_ZONE'] as const
const LINES_AT_ONCE = 200

/** Makes the subcommands that read kept files. */
export function keptCommands(): Command[] {
  const list = new Command('list')
    .description('list the files that are kept, in which form, and what they take')
    .action((options: Options) =>
      run(options, (terminal) => withKeptFiles(options, (files) => listFiles(files, terminal))),
    )
  const verify = new Command('verify')
    .description('read every file that is kept, and tell which are not what they were')
    .option('--obtain', 'have the other machine give those that are damaged once more')
    .action((options: Options) =>
      run(options, (terminal) => withKeptFiles(options, (files) => verifyFiles(files, options, terminal))),
    )
  const cat = new Command('cat')
    .description('print a file as it was sent')
    .argument('<file>', 'its name or SHA-256; on the server also the id of the upload')
    .action((file: string, options: Options) =>
      run({}, () => withKeptFiles(options, (files) => printFile(files, file))),
    )
  const exporting = new Command('export')
    .description('write files as they were sent into a folder')
    .addArgument(new Argument('<folder>', 'where to; it is made where there is none'))
    .argument('[files...]', 'which; all where none is named')
    .action((folder: string, names: string[], options: Options) =>
      run(options, (terminal) => withKeptFiles(options, (files) => exportFiles(files, { folder, names }, terminal))),
    )
  for (const command of [list, verify, cat, exporting]) {
    command.option('--server', 'what the server has loaded, where this machine has an archive, too')
    if (command !== cat) addOutputOptions(command)
    addSettingOptions(command, SETTINGS)
  }
  return [list, cat, verify, exporting]
}

async function withKeptFiles(options: Options, work: (files: KeptFiles) => Promise<number>): Promise<number> {
  await using files = await openKeptFiles(options)
  return await work(files)
}

async function listFiles(files: KeptFiles, terminal: Terminal): Promise<number> {
  let [number, bytes] = [0, 0]
  let lines: string[][] = []
  const flush = () => {
    for (const line of columns(lines, [1])) terminal.say(line)
    lines = []
  }
  for await (const { name, kind, state, ...file } of files.list()) {
    const look = async ({ path }: KeptFile) => ({ path, stats: lstatSync(path) })
    const looked = await readKept({ name, kind, ...file }, look)
    if (looked === undefined) continue
    const { path, stats } = looked
    const { size: taken, mtime } = stats
    number++
    bytes += taken
    lines.push([formOf(path), size(taken), files.zone.dateAt(mtime.getTime()), name, state ?? ''])
    if (lines.length === LINES_AT_ONCE) flush()
    terminal.record({ type: 'file', name, kind, form: formOf(path), bytes: taken, path, ...(state && { state }) })
  }
  flush()
  terminal.summarize(`${count(number, 'file')} in ${files.about}, ${size(bytes)}.`)
  terminal.record({ type: 'summary', side: files.side, files: number, bytes })
  return EXIT.done
}

async function verifyFiles(files: KeptFiles, { obtain }: Options, terminal: Terminal): Promise<number> {
  let [number, contentBytes, damaged] = [0, 0, 0]
  for await (const file of files.list()) {
    const found = await readKept(file, verifyFile)
    if (found === undefined) continue
    number++
    contentBytes += found.bytes
    if (found.fault === undefined) continue
    damaged++
    terminal.say(`damaged  ${file.path}: ${found.fault}`)
    if (obtain) terminal.say(`         ${await obtainFile(file)}`)
    terminal.record({
      type: 'file',
      name: file.name,
      kind: file.kind,
      path: file.path,
      state: 'damaged',
      problem: found.fault,
    })
  }
  const what = damaged === 0 ? 'each is what it was' : `${count(damaged, 'file')} damaged`
  terminal.summarize(`${count(number, 'file')} in ${files.about}, ${size(contentBytes)} as they were sent: ${what}.`)
  terminal.record({ type: 'summary', side: files.side, files: number, content_bytes: contentBytes, damaged })
  return damaged === 0 ? EXIT.done : EXIT.partly
}

/** Fetches a damaged file from the other machine; returns the result as text, also a failure. */
async function obtainFile(file: KeptFile): Promise<string> {
  try {
    return await file.obtain()
  } catch (error) {
    const isSaid = error instanceof AnswerError || (error instanceof Problem && error.code !== 'settings_invalid')
    if (!isSaid) throw error
    return `not obtained: ${error.message}`
  }
}

/** Verifies a file; `fault` says why its content is not the original, undefined if it is. */
async function verifyFile({ path, isRight }: KeptFile): Promise<Readonly<{ bytes: number; fault?: string }>> {
  const digester = new Digester()
  try {
    for await (const chunk of keptContent(realDisk(), path)) digester.add(chunk)
  } catch (error) {
    if (!isUnreadable(error)) throw error
    return { bytes: digester.bytes, fault: (error as Error).message }
  }
  const { sha256, bytes } = digester.digest()
  return (await isRight(sha256)) ? { bytes } : { bytes, fault: 'its bytes are not those that were sent' }
}

async function printFile(files: KeptFiles, text: string): Promise<number> {
  const file = await files.find(text)
  const printed = await readKept(file, async (it) => {
    for await (const chunk of verifiedContent(it)) if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
    return true
  })
  if (printed === undefined) throw new Problem('not_found', `${file.name} was removed a moment ago`)
  return EXIT.done
}

/** Streams a file; throws `kept_damaged` at its end if altered. Chunks are copied, as their buffer may be reused. */
async function* verifiedContent({ name, path, isRight }: KeptFile): AsyncGenerator<Buffer> {
  const digester = new Digester()
  try {
    for await (const chunk of keptContent(realDisk(), path)) {
      digester.hash(chunk)
      yield Buffer.from(chunk)
    }
  } catch (cause) {
    throw isUnreadable(cause) ? new Problem('kept_damaged', `${name}: ${(cause as Error).message}`, { cause }) : cause
  }
  if (!(await isRight(digester.digest().sha256))) throw new Problem('kept_damaged', name)
}

type Export = Readonly<{ folder: string; names: readonly string[] }>

async function exportFiles(files: KeptFiles, { folder, names }: Export, terminal: Terminal): Promise<number> {
  const to = resolve(folder)
  await makeFolder(realDisk(), to)
  let [number, bytes, damaged] = [0, 0, 0]
  for await (const wanted of names.length === 0 ? files.list() : names) {
    let file = typeof wanted === 'string' ? undefined : wanted
    try {
      file ??= await files.find(wanted as string)
      const written = await readKept(file, (it) => exportFile(it, to))
      if (written === undefined) continue
      number++
      bytes += written.bytes
      terminal.record({ type: 'file', name: file.name, kind: file.kind, state: 'exported', ...written })
    } catch (error) {
      if (!isUnreadable(error) && !(error instanceof Problem && error.code === 'kept_damaged')) throw error
      const { name = wanted, kind, path = wanted } = file ?? {}
      damaged++
      terminal.say(`damaged  ${path}`)
      terminal.record({ type: 'file', name, kind, path, state: 'damaged' })
    }
  }
  const left = damaged === 0 ? '' : `; ${count(damaged, 'file')} damaged`
  terminal.summarize(`${count(number, 'file')} written into ${to}, ${size(bytes)}${left}.`)
  terminal.record({ type: 'summary', side: files.side, files: number, bytes, damaged })
  return damaged === 0 ? EXIT.done : EXIT.partly
}

async function exportFile(
  file: KeptFile,
  folder: string,
): Promise<Readonly<{ path: string; sha256: string; bytes: number }>> {
  const part = join(folder, `.${file.name}.part`)
  const { sha256, bytes } = await writeVerifiedPart(realDisk(), keptContent(realDisk(), file.path), { ...file, part })
  const { name } = await publish(realDisk(), part, folder, candidateNames(file.name, sha256))
  return { path: join(folder, name), sha256, bytes }
}
