/**
 * Tells a webhook when a source falls silent and when it is heard again: once each, for all sources that changed since the last look.
 *
 *   look (now and then) ─▶ silent now, not told ─▶ POST ─▶ told      the POST fails ─▶ the next look tells it
 *
 * What was told is kept in memory: after a restart the sources that are silent are told once more.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@splitcart/shared/log.ts'
import { allSources, type SourceView } from '../catalogue/queries/sources.ts'
import { momentOf, type Reading } from './reading.ts'

/** Which sources are silent that have not been told of, and which of those that have been are heard again. */
export type Changed = Readonly<{ silent: readonly SourceView[]; heard_again: readonly SourceView[] }>

/** How it is found out, from what has been told, and told; `tell` rejects when nobody took it. */
export type Alarm = Readonly<{
  changed: (told: readonly string[]) => Promise<Changed>
  tell: (message: AlarmMessage) => Promise<void>
}>

/** What is sent to the webhook, as JSON. */
export type AlarmMessage = Readonly<{
  text: string
  silent: readonly SourceView[]
  heard_again: readonly SourceView[]
}>

const LOOK_MS = 10 * 60 * 1000
const TELL_MS_MAX = 10_000
const NAMED_MAX = 10

/** Looks until the signal aborts. */
export async function watchSources(alarm: Alarm, log: Log, signal: AbortSignal): Promise<void> {
  const told = new Set<string>()
  while (!signal.aborted) {
    await look(alarm, told).catch((error: unknown) => log.warn({ err: error }, 'the alarm could not be told'))
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {})
  }
}

/** Looks once, and tells what has changed since `told`, which it brings up to date. */
export async function look({ changed, tell }: Alarm, told: Set<string>): Promise<void> {
  const { silent, heard_again: heardAgain } = await changed([...told])
  if (silent.length + heardAgain.length === 0) return
  await tell({ text: textOf(silent, heardAgain), silent, heard_again: heardAgain })
  for (const source of silent) told.add(keyOf(source))
  for (const source of heardAgain) told.delete(keyOf(source))
}

/** Looks at all sources for those that are to be told of. */
export async function changedSince(
  reading: Reading,
  { told }: Readonly<{ told: readonly string[] }>,
): Promise<Changed> {
  const all = await allSources(reading.catalogue.database, momentOf(reading))
  return changedAmong(all, new Set(told))
}

/** The same among some sources. */
export function changedAmong(all: readonly SourceView[], told: ReadonlySet<string>): Changed {
  return {
    silent: all.filter((source) => source.state === 'silent' && !told.has(keyOf(source))),
    heard_again: all.filter((source) => source.state === 'good' && told.has(keyOf(source))),
  }
}

/** Posts a message as JSON. Follows no redirect and sends no key. */
export async function postMessage(url: URL, message: AlarmMessage): Promise<void> {
  const headers = { 'Content-Type': 'application/json' }
  const signal = AbortSignal.timeout(TELL_MS_MAX)
  const answer = await fetch(url, {
    method: 'POST',
    headers,
    body: JSON.stringify(message),
    redirect: 'manual',
    signal,
  })
  await answer.body?.cancel()
  if (!answer.ok) throw new Error(`${url.origin} answered ${answer.status}`)
}

function textOf(silent: readonly SourceView[], heardAgain: readonly SourceView[]): string {
  const parts = [
    silent.length > 0 ? `Silent: ${named(silent)}.` : '',
    heardAgain.length > 0 ? `Heard again: ${named(heardAgain)}.` : '',
  ]
  return parts.filter((part) => part !== '').join(' ')
}

function named(sources: readonly SourceView[]): string {
  const names = sources
    .slice(0, NAMED_MAX)
    .map((source) => `${source.company} ${source.store_name} (last ${source.last_date})`)
  const more = sources.length - names.length
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ')
}

function keyOf(source: SourceView): string {
  return JSON.stringify([source.company, source.store_id])
}
