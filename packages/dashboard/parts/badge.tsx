/** Badges: a state as a word, with a shape and a colour that mean the same. */
import type { ReactNode } from 'react'
import style from './badge.module.css'

/** good: nothing to do; busy: in progress; warn: a person should look; bad: something is wrong; calm: neutral. */
export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'calm'

/** A badge with the shape and colour of a tone. */
export function Badge({ tone, children }: Readonly<{ tone: Tone; children: ReactNode }>): ReactNode {
  return (
    <span className={style.badge} data-tone={tone}>
      {children}
    </span>
  )
}

const UPLOAD_TONES: Readonly<Record<string, Tone>> = {
  accepted: 'calm',
  loading: 'busy',
  loaded: 'good',
  held: 'warn',
  failed: 'bad',
  delivered: 'good',
}

/** The badge of an upload's state. */
export function UploadState({ state }: Readonly<{ state: string }>): ReactNode {
  return <Badge tone={UPLOAD_TONES[state] ?? 'calm'}>{state}</Badge>
}

const SOURCE_TONES: Readonly<Record<string, Tone>> = { good: 'good', late: 'warn', silent: 'bad', partial: 'warn' }

/** The badge of a source's state. */
export function SourceState({ state }: Readonly<{ state: string }>): ReactNode {
  return <Badge tone={SOURCE_TONES[state] ?? 'calm'}>{state}</Badge>
}
