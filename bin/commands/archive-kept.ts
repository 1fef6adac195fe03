/** `splitcart archive list, cat, verify, export`: what is kept of files that were sent or loaded, in whatever form. */
import { once } from 'node:events'
import { lstatSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Digester } from '@splitcart/shared/digest.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { land, removeIfThere, writePart } from '@splitcart/shared/durable-file.ts'
import { namesFor } from '@splitcart/shared/file-name.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'
import { isDamage, keptContent } from '@splitcart/shared/packed/kept-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { Argument, Command } from 'commander'
import { configurable, printable, run } from '../command-line.ts'
import { EXIT } from '../exit-codes.ts'
import { columns, count, size } from '../format.ts'
import { type KeptFile, type KeptFiles, openKeptFiles } from '../kept-files.ts'
import type { Terminal } from '../terminal.ts'

type Options = { server?: boolean; obtain?: boolean; json?: boolean; quiet?: boolean }

const SETTINGS = ['SCRAPING_DATA_DIR', 'DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL'] as const
const LINES_AT_ONCE = 200

/** The commands that read what is kept. */
export function keptCommands(): Command[] {
  const list = new Command('list')
    .description('list the files that are kept, in which form, and what they take')
    .action((options: Options) => run(options, (terminal) => within(options, (files) => listFiles(files, terminal))))
  const verify = new Command('verify')
    .description('read every file that is kept, and tell which are not what they were')
    .option('--obtain', 'have the other machine give those that are damaged once more')
    .action((options: Options) =>
      run(options, (terminal) => within(options, (files) => verifyFiles(files, options, terminal))),
    )
  const cat = new Command('cat')
    .description('print a file as it was sent')
    .argument('<file>', 'its name or SHA-256; on the server also the id of the upload')
    .action((file: string, options: Options) => run({}, () => within(options, (files) => printFile(files, file))))
  const exporting = new Command('export')
    .description('write files as they were sent into a folder')
    .addArgument(new Argument('<folder>', 'where to; it is made where there is none'))
    .argument('[files...]', 'which; all where none is named')
    .action((folder: string, names: string[], options: Options) =>
      run(options, (terminal) => within(options, (files) => exportFiles(files, { folder, names }, terminal))),
    )
  for (const command of [list, verify, cat, exporting]) {
    command.option('--server', 'what the server has loaded, where this machine has an archive, too')
    if (command !== cat) printable(command)
    configurable(command, SETTINGS)
  }
  return [list, cat, verify, exporting]
}

async function within(options: Options, work: (files: KeptFiles) => Promise<number>): Promise<number> {
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
  for await (const { name, path, kind, state } of files.list()) {
    const { size: taken, mtime } = lstatSync(path)
    number++
    bytes += taken
    lines.push([formOf(path), size(taken), mtime.toISOString().slice(0, 10), name, state ?? ''])
    if (lines.length === LINES_AT_ONCE) flush()
    terminal.record({ type: 'file', name, kind, form: formOf(path), bytes: taken, path, ...(state && { state }) })
  }
  flush()
  terminal.sum(`${count(number, 'file')} in ${files.about}, ${size(bytes)}.`)
  terminal.record({ type: 'summary', side: files.side, files: number, bytes })
  return EXIT.done
}

function formOf(path: string): 'packed' | 'gzip' | 'plain' {
  if (path.endsWith('.dcz')) return 'packed'
  return path.endsWith('.gz') ? 'gzip' : 'plain'
}

async function verifyFiles(files: KeptFiles, { obtain }: Options, terminal: Terminal): Promise<number> {
  let [number, contentBytes, damaged] = [0, 0, 0]
  for await (const file of files.list()) {
    number++
    const found = await faultOf(file)
    contentBytes += found.bytes
    if (found.fault === undefined) continue
    damaged++
    terminal.say(`damaged  ${file.path}: ${found.fault}`)
    if (obtain) terminal.say(`         ${await obtained(file)}`)
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
  terminal.sum(`${count(number, 'file')} in ${files.about}, ${size(contentBytes)} as they were sent: ${what}.`)
  terminal.record({ type: 'summary', side: files.side, files: number, content_bytes: contentBytes, damaged })
  return damaged === 0 ? EXIT.done : EXIT.partly
}

/** What became of getting a file from the other machine. */
async function obtained(file: KeptFile): Promise<string> {
  try {
    return await file.obtain()
  } catch (error) {
    if (!(error instanceof Problem) || error.code === 'settings_invalid') throw error
    return `not obtained: ${error.message}`
  }
}

/** Why a file is not what it was; undefined: it is. */
async function faultOf({ path, isRight }: KeptFile): Promise<Readonly<{ bytes: number; fault?: string }>> {
  const digester = new Digester()
  try {
    for await (const portion of keptContent(realDisk(), path)) digester.add(portion)
  } catch (error) {
    if (!isDamage(error)) throw error
    return { bytes: digester.bytes, fault: (error as Error).message }
  }
  const { sha256, bytes } = digester.digest()
  return (await isRight(sha256)) ? { bytes } : { bytes, fault: 'its bytes are not those that were sent' }
}

async function printFile(files: KeptFiles, text: string): Promise<number> {
  const file = await files.find(text)
  for await (const portion of checked(file)) if (!process.stdout.write(portion)) await once(process.stdout, 'drain')
  return EXIT.done
}

/** The content of a file; throws `kept_damaged` at its end where it is not what was sent. Copied: what is read next may lie in its place. */
async function* checked({ name, path, isRight }: KeptFile): AsyncGenerator<Buffer> {
  const digester = new Digester()
  try {
    for await (const portion of keptContent(realDisk(), path)) {
      digester.hash(portion)
      yield Buffer.from(portion)
    }
  } catch (cause) {
    throw isDamage(cause) ? new Problem('kept_damaged', `${name}: ${(cause as Error).message}`, { cause }) : cause
  }
  if (!(await isRight(digester.digest().sha256))) throw new Problem('kept_damaged', name)
}

type Export = Readonly<{ folder: string; names: readonly string[] }>

async function exportFiles(files: KeptFiles, { folder, names }: Export, terminal: Terminal): Promise<number> {
  const to = resolve(folder)
  await makeFolder(realDisk(), to)
  let [number, bytes, damaged] = [0, 0, 0]
  const wanted = names.length === 0 ? files.list() : found(files, names)
  for await (const file of wanted) {
    try {
      const written = await exportOne(file, to)
      number++
      bytes += written.bytes
      terminal.record({ type: 'file', name: file.name, kind: file.kind, state: 'exported', ...written })
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      damaged++
      terminal.say(`damaged  ${file.path}`)
      terminal.record({ type: 'file', name: file.name, kind: file.kind, path: file.path, state: 'damaged' })
    }
  }
  const left = damaged === 0 ? '' : `; ${count(damaged, 'file')} damaged`
  terminal.sum(`${count(number, 'file')} written into ${to}, ${size(bytes)}${left}.`)
  terminal.record({ type: 'summary', side: files.side, files: number, bytes, damaged })
  return damaged === 0 ? EXIT.done : EXIT.partly
}

async function* found(files: KeptFiles, names: readonly string[]): AsyncGenerator<KeptFile> {
  for (const name of names) yield await files.find(name)
}

async function exportOne(
  file: KeptFile,
  folder: string,
): Promise<Readonly<{ path: string; sha256: string; bytes: number }>> {
  const part = join(folder, `.${file.name}.part`)
  const digester = new Digester()
  await removeIfThere(realDisk(), part)
  await writePart(realDisk(), part, async (target) => {
    for await (const portion of checked(file)) {
      digester.add(portion)
      await target.appendFile(portion)
    }
  })
  const { sha256, bytes } = digester.digest()
  const { name } = await land(realDisk(), part, folder, namesFor(file.name, sha256))
  return { path: join(folder, name), sha256, bytes }
}
