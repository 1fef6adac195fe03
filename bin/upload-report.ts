/** Prints the progress of `upload-data`: one line per file and, on a terminal, a live line for files in transit. */
import type { FileEvent, ProblemInfo, Summary, UploadEvent } from '@splitcart/scraping/upload-events.ts'
import { PRODUCTS } from '@splitcart/shared/kinds.ts'
import { formatNumber } from '@splitcart/shared/number.ts'
import type { LoadResult } from '@splitcart/shared/receipt.ts'
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import { findingLines } from './finding-lines.ts'
import { count, duration, safeToPrint, size } from './format.ts'
import { createLogUpdate, type LogUpdate } from './live.ts'
import type { Style, Terminal } from './terminal.ts'

const BAR_CHARACTERS = 24
// A shorter duration is not printed: it would read "in 0.0 s".
const SHOWN_DELAY_MS_MIN = 50
// Before this the speed would only be that of the first chunk.
const SPEED_MS_MIN = 1000

const STYLE: Readonly<Record<FileEvent['state'], Style>> = {
  accepted: 'green',
  duplicate: 'cyan',
  loaded: 'green',
  held: 'yellow',
  failed: 'red',
  delivered: 'green',
  refused: 'red',
  skipped: 'yellow',
  returned: 'yellow',
}

type ProgressEvent = Extract<UploadEvent, { type: 'progress' }>

/** A file in transit. `begun`: its first event, as a resumed file does not start at 0; `at`: the time of that event. */
type FileInTransit = Readonly<{ event: ProgressEvent; begun: ProgressEvent; at: number }>

/** The files to send: sizes in bytes by name; `gone`: names of finished ones; `at`: the time when it began. */
export type UploadQueue = Readonly<{ sizes: ReadonlyMap<string, number>; gone: ReadonlySet<string>; at: number }>

export class UploadReport {
  readonly #terminal: Terminal
  readonly #outbox: string
  readonly #zone: TimeZone
  readonly #live: LogUpdate | undefined
  readonly #moving = new Map<string, FileInTransit>()
  readonly #gone = new Set<string>()
  #queue: UploadQueue | undefined
  #leftAlone = false

  /** `outbox`: path to show to users who put their files elsewhere; `zone`: time zone of printed dates. */
  constructor(terminal: Terminal, { outbox, zone }: Readonly<{ outbox: string; zone: TimeZone }>) {
    this.#terminal = terminal
    this.#outbox = outbox
    this.#zone = zone
    this.#live = terminal.isLive ? createLogUpdate() : undefined
  }

  /** Prints one event. */
  on(event: UploadEvent): void {
    const now = performance.now()
    if (event.type === 'queue') {
      this.#gone.clear()
      this.#queue = { sizes: new Map(event.files.map(({ name, size }) => [name, size])), gone: this.#gone, at: now }
      return
    }
    if (event.type === 'progress') {
      const before = this.#moving.get(event.name)
      const same = before?.begun.step === event.step ? before : { begun: event, at: now }
      this.#moving.set(event.name, { ...same, event })
      this.#live?.draw(() => this.#liveLines(now).join('\n'))
      return
    }
    if ('name' in event) this.#moving.delete(event.name)
    if (event.type === 'file') this.#gone.add(event.name)
    this.#live?.clear()
    if (event.type === 'check') this.#checked(event)
    else if (event.type === 'file') this.#file(event)
    else this.#terminal.note(eventText(event))
    if (event.type !== 'ignored') return
    this.#leftAlone = true
    this.#terminal.record({ type: 'file', name: event.name, state: 'ignored', reason: event.reason })
  }

  /** Prints the totals. */
  end(summary: Summary): void {
    this.#live?.done()
    const { summarize, note, record } = this.#terminal
    if (summary.problem !== undefined) {
      record({ ...summary.problem, type: 'error' })
      note(problemSentence(summary.problem))
      note(summary.problem.todo)
    }
    if (summary.problem !== undefined && isEmpty(summary)) summarize('Nothing waits to be sent.')
    else if (this.#leftAlone && isEmpty(summary))
      summarize('There was nothing to send; what lies in the outbox was left alone.')
    else summarize(summaryText(summary, this.#outbox))
    record({ type: 'summary', ...summary })
  }

  #liveLines(now: number): string[] {
    const moving = [...this.#moving.values()]
    const lines = moving.map((each) => safeToPrint(progressLine(each, now - each.at)))
    const total = this.#queue && totalLine(this.#queue, moving, now - this.#queue.at)
    return total === undefined ? lines : [...lines, total]
  }

  #checked(event: Extract<UploadEvent, { type: 'check' }>): void {
    this.#terminal.say(`checked     ${event.name}`)
    for (const verdict of event.findings)
      for (const line of findingLines(verdict, this.#zone)) this.#terminal.say(`  ${line}`)
    this.#terminal.record(event)
  }

  #file(event: FileEvent): void {
    const { say, record } = this.#terminal
    const kind = event.kind === undefined || event.kind === PRODUCTS ? '' : ` (${event.kind})`
    const line = `${event.state.padEnd(10)}  ${event.name}${kind}${resultText(event)}`
    say(line, { style: STYLE[event.state], length: event.state.length })
    record(event)
  }
}

/** The text of an event that is not about a file's state. */
export function eventText(event: Exclude<UploadEvent, { type: 'file' | 'queue' | 'progress' | 'check' }>): string {
  if (event.type === 'ignored') return `left alone  ${event.name}: ${event.reason}`
  if (event.type === 'left-over')
    return `left over   ${event.name} (${size(event.size)}) by a scrape that did not finish; "splitcart salvage" keeps its whole rows`
  if (event.type === 'resting') return `waiting     ${event.name} ${event.reason}`
  if (event.type === 'pause')
    return `trying again ${delayText(event.delayMs)}  ${event.name}: ${problemSentence(event.problem)}`
  if (event.type === 'outage') return outageText(event)
  if (event.type === 'alive')
    return `watching    ${count(event.sent, 'file')} sent in the last ${duration(event.sinceMs)}, ${event.waiting} waiting`
  if (event.type === 'recovery') return `the server is back after ${duration(event.outageMs)}`
  return `warning     ${event.name}: ${problemSentence(event.problem)}`
}

/** The text of an outage, by its level: a short line at first, then its length, after an hour a call for action. */
function outageText({ level, outageMs, delayMs, waiting, problem }: Extract<UploadEvent, { type: 'outage' }>): string {
  if (level === 'info') return `trying again  ${problemSentence(problem)}`
  const lasts = `for ${duration(outageMs)}, ${count(waiting, 'file')} waiting, next try in ${duration(delayMs)}`
  if (level === 'warn') return `still trying  ${lasts}. ${problemSentence(problem)}`
  return `NOTHING IS SENT ${lasts}. ${problemSentence(problem)} ${problem.todo}`
}

function resultText({ state, receipt, problem }: FileEvent): string {
  if (problem !== undefined) return `: ${problemSentence(problem)}`
  if (receipt === undefined) return ''
  if (receipt.load === null || state === 'accepted') return `  ${count(receipt.lines, 'line')}, ${size(receipt.bytes)}`
  return `  ${rowCountsText(receipt.load)}${receipt.load.problem === null ? '' : ` ${receipt.load.problem}`}`
}

/** The row counts of a load as text; zero counts are omitted. */
export function rowCountsText(load: LoadResult): string {
  const parts = (['inserted', 'changed', 'unchanged', 'duplicate', 'rejected'] as const)
    .filter((name) => load[name] > 0)
    .map((name) => `${formatNumber(load[name])} ${name}`)
  return `${count(load.rows, 'row')}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}.`
}

function isEmpty({ sent, duplicates, loaded, held, failed, delivered, refused, skipped, waiting }: Summary): boolean {
  return sent + duplicates + loaded + held + failed + delivered + refused + skipped + waiting === 0
}

function summaryText(summary: Summary, outbox: string): string {
  const named = {
    sent: summary.sent,
    'known already': summary.duplicates,
    loaded: summary.loaded,
    held: summary.held,
    failed: summary.failed,
    delivered: summary.delivered,
    refused: summary.refused,
    'still waiting': summary.waiting,
    'left alone': summary.ignored,
  }
  const parts = Object.entries(named)
    .filter(([, number]) => number > 0)
    .map(([name, number]) => `${formatNumber(number)} ${name}`)
  if (parts.length === 0) return `The outbox is empty (${outbox}); there was nothing to do.`
  const rejected =
    summary.rejectedRows > 0
      ? ` ${count(summary.rejectedRows, 'row')} rejected: see the .rejects.jsonl files in the archive.`
      : ''
  return `${parts.join(', ')}.${rejected}`
}

/** The live line of a file in transit: bar, speed and remaining time, once these can be computed. */
export function progressLine({ event, begun }: Pick<FileInTransit, 'event' | 'begun'>, elapsedMs: number): string {
  const { name, step, sentBytes, totalBytes } = event
  const share = totalBytes === 0 ? 1 : sentBytes / totalBytes
  const filled = Math.round(share * BAR_CHARACTERS)
  const bar = '█'.repeat(filled).padEnd(BAR_CHARACTERS, '░')
  const speed = speedText(sentBytes - begun.sentBytes, totalBytes - sentBytes, elapsedMs)
  return `${step === 'send' ? 'sending' : 'compressing'}  ${name}  ${bar} ${Math.floor(share * 100)}%  ${size(totalBytes)}${speed}`
}

/** The live line below for several files: finished files, bytes, total speed and remaining time. */
export function totalLine(
  { sizes, gone }: Pick<UploadQueue, 'sizes' | 'gone'>,
  moving: readonly Pick<FileInTransit, 'event'>[],
  elapsedMs: number,
): string | undefined {
  if (sizes.size < 2) return undefined
  const sizeOf = (name: string) => sizes.get(name) ?? 0
  const sum = (numbers: Iterable<number>) => [...numbers].reduce((all, each) => all + each, 0)
  const sent = moving
    .filter(({ event }) => event.step === 'send' && event.totalBytes > 0)
    .map(({ event }) => (sizeOf(event.name) * event.sentBytes) / event.totalBytes)
  const bytes = Math.floor(sum([...gone].map(sizeOf)) + sum(sent))
  const all = sum(sizes.values())
  const files = [...gone].filter((name) => sizes.has(name)).length
  return `in all  ${formatNumber(files)} of ${count(sizes.size, 'file')}, ${size(bytes)} of ${size(all)}${speedText(bytes, all - bytes, elapsedMs)}`
}

/** Average speed and remaining time as text; empty if it is too early to tell. */
function speedText(bytes: number, left: number, elapsedMs: number): string {
  if (elapsedMs < SPEED_MS_MIN || bytes <= 0) return ''
  return `  ${size(Math.round((bytes / elapsedMs) * 1000))}/s, ${duration((left / bytes) * elapsedMs)} left`
}

/** A problem as a sentence; for status 500 with the request id, as the cause is only in the server's log. */
function problemSentence({ title, detail, status, instance }: ProblemInfo): string {
  const id = status === 500 && instance !== undefined ? ` (request ${instance.replace('urn:uuid:', '')})` : ''
  return detail === title || detail === '' ? `${title}${id}.` : `${title}: ${detail.replace(/\.$/, '')}${id}.`
}

function delayText(ms: number): string {
  if (ms < SHOWN_DELAY_MS_MIN) return 'at once'
  return `in ${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
}
