/** The first panel of the overview: everything that needs a person's attention, the worst on top. */
import type { Overview } from '@splitcart/data-management/http/routes/overview.ts'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Badge, type Tone } from '../../parts/badge.tsx'
import { atLeast, count, size } from '../../parts/format.ts'
import list from '../../parts/notice-list.module.css'
import { Panel } from '../../parts/page.tsx'
import { UploadLink } from '../../parts/page-links.tsx'
import { StoreLink } from '../../parts/store-link.tsx'
import { Ago, ScrapeDate } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import { ChainFindingLine } from '../findings/chain-finding-line.tsx'
import style from './needs-attention.module.css'
import { type Tickable, TickList, TickOffButton } from './ticks.tsx'

type Attention = Overview['attention']
type Item = Readonly<{ key: string; tone: Tone; word: string; what: ReactNode; when?: ReactNode; tick?: Tickable }>

const ITEMS_SHOWN_MAX = 4

/** The panel, with the first entries of each kind. `stores`: how many stores the catalogue has. */
export function NeedsAttention({ attention, stores }: Readonly<{ attention: Attention; stores: number }>): ReactNode {
  const items = [
    ...machineItems(attention),
    ...uploadItems(attention),
    ...sourceItems(attention),
    ...findingItems(attention),
    ...rejectItems(attention),
  ]
  return (
    <Panel title="Needs attention">
      {items.length === 0 ? (
        <p className={style.none}>
          {stores === 0
            ? 'Nothing is held, nothing failed.'
            : 'Nothing. No source is late, nothing is held, nothing failed.'}
        </p>
      ) : (
        <ul className={list.list}>
          {items.map(({ key, tone, word, what, when, tick }) => (
            <li key={key} className={list.item}>
              <Badge tone={tone}>{word}</Badge>
              <span className={list.what}>{what}</span>
              <span className={list.when}>
                {when} {tick !== undefined && <TickOffButton tick={tick} />}
              </span>
            </li>
          ))}
        </ul>
      )}
      <TickList of={attention} />
    </Panel>
  )
}

function machineItems({ disk, loader }: Attention): Item[] {
  const items: Item[] = []
  if (loader.state === 'not running')
    items.push({
      key: 'loader',
      tone: 'bad',
      word: 'loader',
      what: (
        <>
          update-db does not run: files are accepted but not loaded. <Link to="/system">System</Link> shows more.
        </>
      ),
      when: loader.since && <Ago at={loader.since} />,
    })
  if (disk.is_low)
    items.push({
      key: 'disk',
      tone: 'bad',
      word: 'disk',
      what: `${size(disk.free_bytes)} are free; uploads are refused below ${size(disk.kept_bytes)}. Make room on the server.`,
    })
  return items
}

function uploadItems({ held, failed }: Attention): Item[] {
  const item = (state: 'held' | 'failed') => (upload: Attention['held']['first'][number]) => ({
    key: upload.upload_id,
    tone: state === 'held' ? ('warn' as const) : ('bad' as const),
    word: state,
    what: (
      <>
        <UploadLink id={upload.upload_id} text={upload.filename} />{' '}
        {upload.problem && <UntrustedText text={upload.problem} className={style.why} />}
      </>
    ),
    when: <Ago at={upload.received_at} />,
    tick: { kind: state, subject: upload.upload_id, name: upload.filename },
  })
  const of = (state: 'held' | 'failed', found: Attention['held']): Item[] => [
    ...found.first.slice(0, ITEMS_SHOWN_MAX).map(item(state)),
    ...moreItem(
      found,
      state,
      <Link to={state === 'held' ? '/holds' : '/uploads'} search={state === 'held' ? {} : { state }}>
        all {atLeast(found)}
      </Link>,
    ),
  ]
  return [...of('held', held), ...of('failed', failed)]
}

type SourceWord = 'silent' | 'late' | 'partial'

function sourceItems({ silent, late, partial }: Attention): Item[] {
  const item = (word: SourceWord, tone: Tone) => (source: Attention['late']['first'][number]) => ({
    key: JSON.stringify([word, source.company, source.store_id]),
    tone,
    word,
    what: (
      <>
        <StoreLink store={source}>
          <UntrustedText text={`${source.company} · ${source.store_name}`} />
        </StoreLink>{' '}
        {word === 'partial'
          ? `${count(source.rows, 'row')}, usually ${count(source.usual_rows, 'row')}`
          : 'last scrape '}
        {word !== 'partial' && <ScrapeDate on={source.last_date} />}
      </>
    ),
    tick: {
      kind: word,
      subject: JSON.stringify([source.company, source.store_id]),
      name: `${source.company} ${source.store_name}`,
    },
    when: source.due_date !== null && word !== 'partial' && (
      <>
        due <ScrapeDate on={source.due_date} />
      </>
    ),
  })
  const of = (word: SourceWord, tone: Tone, found: Attention['late']): Item[] => [
    ...found.first.slice(0, ITEMS_SHOWN_MAX).map(item(word, tone)),
    ...moreItem(
      found,
      word,
      <Link to="/sources" search={word === 'partial' ? {} : { state: word }}>
        all {atLeast(found)}
      </Link>,
    ),
  ]
  return [...of('silent', 'bad', silent), ...of('late', 'warn', late), ...of('partial', 'warn', partial)]
}

function findingItems({ findings }: Attention): Item[] {
  const items = findings.first.slice(0, ITEMS_SHOWN_MAX).map((finding) => ({
    key: JSON.stringify(['finding', finding.company, finding.rule, finding.field, finding.brief]),
    tone: 'calm' as const,
    word: 'finding',
    what: <ChainFindingLine finding={finding} />,
    when: <ScrapeDate on={finding.example.date} />,
    tick: {
      kind: 'findings' as const,
      subject: JSON.stringify([finding.company, finding.rule, finding.field, finding.brief]),
      name: `${finding.company}: ${finding.brief}`,
    },
  }))
  return [...items, ...moreItem(findings, 'findings', <Link to="/findings">all {atLeast(findings)}</Link>)]
}

function rejectItems({ rejects }: Attention): Item[] {
  const items = rejects.first
    .slice(0, ITEMS_SHOWN_MAX)
    .map(({ upload_id, sha256, filename, finished_at, rows, rejected }) => ({
      key: `rejects ${sha256}`,
      tone: 'calm' as const,
      word: 'rejects',
      what: (
        <>
          {upload_id === null ? (
            <UntrustedText text={filename} />
          ) : (
            <Link to="/rejects" search={{ upload: upload_id }}>
              <UntrustedText text={filename} />
            </Link>
          )}{' '}
          {rejected.toLocaleString()} of {count(rows, 'row')}
        </>
      ),
      when: <Ago at={finished_at} />,
      tick: { kind: 'rejects' as const, subject: upload_id ?? sha256, name: filename },
    }))
  return [...items, ...moreItem(rejects, 'rejects', <Link to="/rejects">in {atLeast(rejects)} files</Link>)]
}

/** A line that links to the entries that are not listed. */
function moreItem(found: Readonly<{ count: number }>, word: string, link: ReactNode): Item[] {
  if (found.count <= ITEMS_SHOWN_MAX) return []
  return [
    {
      key: `more ${word}`,
      tone: 'calm',
      word: 'more',
      what: (
        <>
          {word}: {link}
        </>
      ),
    },
  ]
}
