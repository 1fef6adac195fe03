/**
 * Tells a webhook when a source falls silent and when it is heard again: once each, for all sources that changed since the last look.
 *
 *   look (now and then) ─▶ silent now, not told ─▶ POST ─▶ told      the POST fails ─▶ the next look tells it
 *
 * What was told is kept in memory: after a restart the sources that are silent are told once more.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { callOut } from '@splitcart/shared/call-out.ts'
import type { Log } from '@splitcart/shared/log.ts'
import { allSources, type SourceView } from '../catalogue/queries/sources.ts'
import { momentOf, type Reading } from './reading.ts'

/** Some sources: the first of them, and the keys of all. */
export type Meant = Readonly<{ first: readonly SourceView[]; keys: readonly string[] }>

/** Which sources are silent that have not been told of, and which of those that have been are heard again. */
export type Changed = Readonly<{ silent: Meant; heardAgain: Meant }>

/** How it is found out, from what has been told, and told; `tell` rejects when nobody took it. */
export type Alarm = Readonly<{
  changed: (told: readonly string[]) => Promise<Changed>
  tell: (message: AlarmMessage) => Promise<void>
}>

/** What is sent to the webhook, as JSON: how many sources, and the first of them. */
export type AlarmMessage = Readonly<{
  text: string
  silent_count: number
  silent: readonly SourceView[]
  heard_again_count: number
  heard_again: readonly SourceView[]
}>

const LOOK_MS = 10 * 60 * 1000
const TELL_MS_MAX = 10_000
const NAMED_MAX = 10
// A receiver refuses what is too long, and would then hear of nothing.
const LISTED_MAX = 100
const NAME_CHARACTERS_MAX = 80

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
  const { silent, heardAgain } = await changed([...told])
  if (silent.keys.length + heardAgain.keys.length === 0) return
  await tell({
    text: textOf(silent, heardAgain),
    silent_count: silent.keys.length,
    silent: silent.first,
    heard_again_count: heardAgain.keys.length,
    heard_again: heardAgain.first,
  })
  for (const key of silent.keys) told.add(key)
  for (const key of heardAgain.keys) told.delete(key)
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
    silent: meant(all.filter((source) => source.state === 'silent' && !told.has(keyOf(source)))),
    heardAgain: meant(all.filter((source) => source.state === 'good' && told.has(keyOf(source)))),
  }
}

function meant(sources: readonly SourceView[]): Meant {
  return { first: sources.slice(0, LISTED_MAX), keys: sources.map(keyOf) }
}

/** Posts a message as JSON. Follows no redirect and sends no key. */
export async function postMessage(url: URL, message: AlarmMessage): Promise<void> {
  const status = await callOut(url, { json: message, answerMsMax: TELL_MS_MAX })
  if (status < 200 || status >= 300) throw new Error(`${url.origin} answered ${status}`)
}

function textOf(silent: Meant, heardAgain: Meant): string {
  const parts = [
    silent.keys.length > 0 ? `Silent: ${named(silent)}.` : '',
    heardAgain.keys.length > 0 ? `Heard again: ${named(heardAgain)}.` : '',
  ]
  return parts.filter((part) => part !== '').join(' ')
}

function named({ first, keys }: Meant): string {
  const names = first
    .slice(0, NAMED_MAX)
    .map((source) => `${plain(source.company)} ${plain(source.store_name)} (last ${source.last_date})`)
  const more = keys.length - names.length
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ')
}

/**
 * A name as text for whoever shows the message: chat programs take `<…>` for a link or a call to everybody, as they do `@`, addresses
 * and `[…](…)`. An invisible space keeps each of them from being one.
 */
function plain(name: string): string {
  const characters = Array.from(name.replace(/[\p{Cc}\p{Cf}]/gu, ' '))
  const text = characters.slice(0, NAME_CHARACTERS_MAX).join('') + (characters.length > NAME_CHARACTERS_MAX ? '…' : '')
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/@|:(?=\/\/)|\](?=\()/g, '$&\u200b')
}

function keyOf(source: SourceView): string {
  return JSON.stringify([source.company, source.store_id])
}
