/** `splitcart update-db --products --stores --barcodes`: loads the files of the inboxes into the catalogue. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Folders, foldersOfKind, makeFolders } from '@splitcart/data-management/folders.ts'
import { removeCopies, removeParts } from '@splitcart/data-management/inbox/clean.ts'
import { UNCHANGED_MS_MIN } from '@splitcart/data-management/inbox/folder/folder-claims.ts'
import type { Compaction } from '@splitcart/data-management/inbox/processed/compaction.ts'
import { pruneProcessed } from '@splitcart/data-management/inbox/prune.ts'
import { UPDATE_DB_LOCK } from '@splitcart/data-management/lock-names.ts'
import { runActions } from '@splitcart/data-management/update-db/actions.ts'
import { BackgroundTasks } from '@splitcart/data-management/update-db/background.ts'
import { renewAll } from '@splitcart/data-management/update-db/derived-data.ts'
import { pruneBucket } from '@splitcart/data-management/update-db/maintenance.ts'
import { type FilePreview, previewInbox } from '@splitcart/data-management/update-db/preview.ts'
import {
  type FleetLoaderContext,
  type LoaderContext,
  loadedKinds,
  type PassCounts,
} from '@splitcart/data-management/update-db/process.ts'
import { ReaderClient } from '@splitcart/data-management/update-db/reader-client.ts'
import { reconcile } from '@splitcart/data-management/update-db/repair.ts'
import { FOLDER_LOADER_LOCK, runLoaderPass } from '@splitcart/data-management/update-db/update-db.ts'
import { repeatOnChange } from '@splitcart/data-management/update-db/watch.ts'
import { LOADED_KIND_NAMES, LOADED_KINDS, type LoadedKind } from '@splitcart/shared/kinds.ts'
import { takeLock } from '@splitcart/shared/lock.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'
import { type FormatMoney, moneyFormatter } from '@splitcart/shared/money.ts'
import { formatNumber } from '@splitcart/shared/number.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { databaseServer, inboxServers, type Settings } from '@splitcart/shared/settings.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { type Command, Option } from 'commander'
import { addOutputOptions, addSettingOptions, loadSettings, run, UsageError } from '../command-line.ts'
import { type DataManagement, openDataManagement, setUpDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { openInbox } from '../fleet.ts'
import { count } from '../format.ts'
import { logStart } from '../log-start.ts'
import { stopSignal, type Terminal } from '../terminal.ts'
import { compactionFor, makeIdleCheck, updateDbContext } from '../update-db-work.ts'
import { openWhenAvailable } from '../wait-for.ts'

type Options = Partial<Record<LoadedKind, boolean>> & {
  watch?: boolean
  dryRun?: boolean
  force?: boolean
  pruneAll?: boolean
  untilInputEnds?: boolean
  json?: boolean
  quiet?: boolean
}

const SETTINGS = [
  'DATA_MANAGEMENT_DATA_DIR',
  'DATABASE_URL',
  'HOLD_ROWS_MIN',
  'HOLD_ROWS_SHARE',
  'HOLD_REJECTS_SHARE',
  'HOLD_MERGED_PRODUCTS',
  'HOLD_PRODUCT_LISTINGS',
  'PROCESSED_DAYS_MAX',
] as const

const PASS_MS = 5_000
// Minimum idle time before packing: in the gaps of a stream of small files, packing would delay the next one.
const COMPACTION_REST_MS = 3_000
const PRUNE_EVERY_MS = HOUR_MS

/** Adds the command. */
export function addUpdateDb(program: Command): void {
  const command = program
    .command('update-db')
    .description('load what waits in the inbox into the database')
    .option('--watch', 'stay, and load what comes')
    .addOption(new Option('--dry-run', 'tell what would change, and change nothing').conflicts('watch'))
    .option(
      '--force',
      'load what waits without holding anything; what is held already is released with "splitcart holds release"',
    )
    .option('--prune-all', 'remove every loaded file that was kept long enough, also where none would stay')
    .addOption(new Option('--until-input-ends', 'with --watch: end when standard input does').hideHelp())
    .action((options: Options) => run(options, (terminal) => runUpdateDb(options, terminal)))
  for (const [kind, { about }] of Object.entries(LOADED_KINDS))
    command.option(`--${kind}`, `load files of ${kind}: ${about}`)
  addOutputOptions(addSettingOptions(command, SETTINGS))
}

/** The kinds given as flags, in loading order. Throws if there is none. */
function kindsIn(options: Options): LoadedKind[] {
  const kinds = LOADED_KIND_NAMES.filter((kind) => options[kind])
  if (kinds.length > 0) return kinds
  throw new UsageError(`say what to load: ${LOADED_KIND_NAMES.map((kind) => `--${kind}`).join(' ')}`)
}

async function runUpdateDb(options: Options, terminal: Terminal): Promise<number> {
  const kinds = kindsIn(options)
  const settings = loadSettings(options, 'data-management')
  const log = openLog(options.watch ? settings.LOG_LEVEL : 'error')
  logStart(log, 'update-db', settings, options)
  const signal = stopSignalFor(options)
  // Only --watch waits for a database or inbox that is away; a single run fails at once.
  const opened = <T>(open: () => Promise<T>) => (options.watch ? openWhenAvailable(open, { log, signal }) : open())
  // A dry run must not create folders or databases.
  const set = () => (options.dryRun ? openDataManagement(settings) : setUpDataManagement(settings))
  await using machine = await opened(set)
  const isShared = inboxServers(settings) !== undefined
  const alone = { ...updateDbContext(machine, settings, terminal, { force: options.force === true, log }), kinds }
  if (options.dryRun) {
    if (isShared) throw new Problem('settings_invalid', '\n  --dry-run looks at an inbox that is a folder only')
    return await printPreviews(alone, moneyFormatter(settings.CURRENCY), terminal)
  }
  await makeFolders(machine.disk, machine.folders, kinds)
  const folders = isShared ? await makeScratchFolders(machine) : machine.folders
  await using inbox = await opened(() => openInbox({ ...machine, folders }, settings, log))
  using _lock = takeLock(join(machine.folders.data, UPDATE_DB_LOCK), 'another update-db works on this inbox')
  await using reader = new ReaderClient()
  const work = { ...alone, reader }
  const loaderOptions = { terminal, signal, stays: options.watch === true, prunesAll: options.pruneAll === true }
  if (inbox !== undefined) return await loadFleet({ ...work, folders, inbox }, settings, loaderOptions)
  return await lockAndLoadFolder(work, settings, loaderOptions)
}

/** The signal that stops the command; a dry run's never aborts, since it may be killed at any time. */
function stopSignalFor({ dryRun, untilInputEnds }: Options): AbortSignal {
  if (dryRun) return new AbortController().signal
  return untilInputEnds ? AbortSignal.any([stopSignal(), standardInputEnd()]) : stopSignal()
}

/** Loads under a lock of the ledger: a loader of another folder with this ledger would take these files for lost. */
async function lockAndLoadFolder(work: LoaderContext, settings: Settings, options: LoaderOptions): Promise<number> {
  let code: number = EXIT.done
  const wasAlone = await work.ledger.withExclusiveLock(FOLDER_LOADER_LOCK, async () => {
    code = await loadFolder(work, settings, options)
  })
  if (wasAlone) return code
  const detail = 'another machine loads from a folder into this database; INBOX_URL=nats://… lets machines share both'
  throw new Problem('locked', detail)
}

async function loadFolder(given: LoaderContext, settings: Settings, loaderOptions: LoaderOptions): Promise<number> {
  const { terminal, signal, stays, prunesAll } = loaderOptions
  const compaction = compactionFor(given, settings)
  const work = { ...given, onKept: (path: string, bytes: number) => compaction.add(path, bytes) }
  await removeCopies(work.disk, work.folders, loadedKinds(work))
  await reconcile(work)
  if (prunesAll) await prune(work, settings.PROCESSED_DAYS_MAX, true)
  if (stays) {
    await watchInbox(work, compaction, settings, signal)
    return EXIT.done
  }
  await runActions(work, signal)
  const pass = await updateOnce(work, terminal, signal)
  await renewAll(work.catalogue.database, signal)
  const code = printPass(terminal, pass)
  let isTold = false
  await compaction.compactWaiting(() => {
    if (!isTold)
      terminal.note(
        `packing     ${count(compaction.waiting, 'loaded file')} to save room; it may be stopped at any time`,
      )
    isTold = true
    return !signal.aborted
  })
  return code
}

/** Opens the tasks that update derived data in the background. */
function openBackgroundTasks({ catalogue, log }: LoaderContext, settings: Settings): BackgroundTasks {
  const server = databaseServer(settings)
  return new BackgroundTasks(catalogue.database, server === undefined ? { file: catalogue.path! } : { server }, log)
}

/** The loader's own folder for files fetched from a fleet's inbox; emptied at the start. */
async function makeScratchFolders({ disk, folders }: DataManagement): Promise<Folders> {
  const own = { ...folders, parts: join(folders.data, '.update-db.parts') }
  await makeFolder(disk, own.parts)
  await removeParts(disk, own)
  return own
}

type LoaderOptions = Readonly<{ terminal: Terminal; signal: AbortSignal; stays: boolean; prunesAll: boolean }>

async function loadFleet(work: FleetLoaderContext, settings: Settings, loaderOptions: LoaderOptions): Promise<number> {
  const { terminal, signal, stays, prunesAll } = loaderOptions
  // Imported only here: the NATS client would cost a loader of one machine a third of its start.
  const { loadForFleet, loadOnceForFleet } = await import('@splitcart/data-management/update-db/fleet-loader.ts')
  if (prunesAll) await pruneBucket(work, settings.PROCESSED_DAYS_MAX, true)
  if (!stays) {
    const pass = await loadOnceForFleet(work, signal)
    await renewAll(work.catalogue.database, signal)
    return printPass(terminal, pass)
  }
  await using background = openBackgroundTasks(work, settings)
  await loadForFleet({ ...work, background }, settings.PROCESSED_DAYS_MAX, signal)
  return EXIT.done
}

/** Loads all files once; waits until files that were just copied into the inbox are unchanged for a while. */
async function updateOnce(work: LoaderContext, terminal: Terminal, signal: AbortSignal): Promise<PassCounts> {
  const first = await runLoaderPass(work, signal)
  if (first.waiting === 0 || signal.aborted) return first
  terminal.note(`waiting     for ${count(first.waiting, 'file')} that may still be written to`)
  await sleep(UNCHANGED_MS_MIN, undefined, { signal }).catch(() => {})
  const second = await runLoaderPass(work, signal)
  for (const name of ['loaded', 'held', 'failed', 'rejected'] as const) second[name] += first[name]
  return second
}

async function watchInbox(
  work: LoaderContext,
  compaction: Compaction,
  settings: Settings,
  signal: AbortSignal,
): Promise<void> {
  await using background = openBackgroundTasks(work, settings)
  const reported = new Set<string>()
  const inboxes = loadedKinds(work).map((kind) => foldersOfKind(work.folders, kind).inbox)
  let pruneAt = Number.NEGATIVE_INFINITY
  let loadedAt = Number.NEGATIVE_INFINITY
  const pass = async () => {
    await runActions(work, signal)
    if (performance.now() > pruneAt) {
      pruneAt = performance.now() + PRUNE_EVERY_MS
      await prune(work, settings.PROCESSED_DAYS_MAX)
      compaction.rescan()
    }
    // A pass is cut off after PASS_MS and the inbox is scanned again, so that new senders get their turn.
    const done = await runLoaderPass(work, AbortSignal.any([signal, AbortSignal.timeout(PASS_MS)]))
    for (const { name, reason } of done.ignored) {
      if (!reported.has(name)) work.log.warn({ name, reason }, 'left alone in the inbox')
      reported.add(name)
    }
    await background.startDue()
    if (done.loaded + done.held + done.failed > 0) loadedAt = performance.now()
    const isResting = performance.now() - loadedAt > COMPACTION_REST_MS
    if (isResting || compaction.isFull) await compaction.compactWaiting(await makeIdleCheck(work, inboxes, signal))
  }
  await repeatOnChange(inboxes, pass, { log: work.log, signal })
}

/** Removes processed files that are too old. A refusal, e.g. if all would be removed, is logged and stops no load. */
async function prune(work: LoaderContext, daysMax: number, trustsClock = false): Promise<void> {
  try {
    for (const kind of loadedKinds(work)) {
      const pruned = await pruneProcessed({ ...work, folders: foldersOfKind(work.folders, kind), daysMax, trustsClock })
      if (pruned.length > 0) work.log.info({ pruned, daysMax }, 'removed files that were kept long enough for replay')
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    work.log.warn({ problem: error.message, todo: error.kind.todo }, 'removed none of the files that were loaded')
  }
}

function printPass(terminal: Terminal, pass: PassCounts): number {
  for (const { name, reason } of pass.ignored) terminal.note(`left alone  ${name}: ${reason}`)
  const dealtWith = pass.loaded + pass.held + pass.failed
  if (dealtWith + pass.waiting === 0) terminal.summarize('The inbox is empty; there was nothing to do.')
  else
    terminal.summarize(
      `${count(pass.loaded, 'file')} loaded, ${pass.held} held, ${pass.failed} failed, ${pass.waiting} still waiting; ${count(pass.rejected, 'row')} rejected.`,
    )
  const { ignored: _, ...counts } = pass
  terminal.record({ type: 'summary', ...counts })
  return pass.failed + pass.rejected + pass.waiting > 0 ? EXIT.partly : EXIT.done
}

async function printPreviews(work: LoaderContext, money: FormatMoney, terminal: Terminal): Promise<number> {
  let files = 0
  for await (const preview of previewInbox(work)) {
    files++
    for (const line of previewLines(preview, money)) terminal.say(line)
    terminal.record({ type: 'file', ...preview })
  }
  terminal.say(files === 0 ? 'The inbox is empty.' : `${count(files, 'file')} looked at; nothing was changed.`)
  terminal.record({ type: 'summary', files })
  return EXIT.done
}

function previewLines(preview: FilePreview, money: FormatMoney): string[] {
  if (preview.known) return [preview.name, '  known already: nothing would happen']
  const { counts, inserted, changed, unchanged, disappeared, reason } = preview
  return [
    preview.name,
    ...(reason === null ? [] : [`  would be held or fail: ${reason}`]),
    `  ${count(counts.rows, 'row')}: ${formatNumber(inserted)} inserted, ${formatNumber(changed)} changed, ${formatNumber(unchanged)} unchanged, ${formatNumber(counts.duplicate)} duplicate, ${formatNumber(counts.rejected)} rejected`,
    ...(disappeared > 0 ? [`  ${count(disappeared, 'listing')} would disappear from the shelves`] : []),
    ...preview.jumps.map((jump) => `  ${money(jump.from_cents)} → ${money(jump.to_cents)}  ${jump.name}`),
  ]
}

/** A signal that aborts when standard input ends: then the server that started this process has ended or was killed. */
function standardInputEnd(): AbortSignal {
  const end = new AbortController()
  process.stdin.on('end', () => end.abort()).on('error', () => end.abort())
  process.stdin.resume()
  return end.signal
}
