/** Shown instead of data: an error, a note that there are none, or a note that they are loading. */
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { ApiError } from '../api/request.ts'
import { Commands } from './commands.tsx'
import style from './notice.module.css'
import { UntrustedBlock } from './untrusted-text.tsx'

/** An error and what to do about it. */
export function ErrorNotice({ error, retry }: Readonly<{ error: unknown; retry?: () => void }>): ReactNode {
  const { title, detail, todo, instance } = errorTexts(error)
  return (
    <div className={style.trouble} role="alert">
      <p className={style.title}>{title}</p>
      {detail !== '' && detail !== title && (
        <p>
          <UntrustedBlock text={detail} />
        </p>
      )}
      <p>{todo}</p>
      {instance !== undefined && (
        <p className={style.instance}>
          In the log of the server: <code>{instance}</code>
        </p>
      )}
      {retry && (
        <Button size="xs" variant="default" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  )
}

type ErrorTexts = Readonly<{ title: string; detail: string; todo: string; instance?: string }>

function errorTexts(error: unknown): ErrorTexts {
  if (error instanceof ApiError) return error.problem
  const detail = error instanceof Error ? error.message : String(error)
  return {
    title: 'This page has made a mistake',
    detail,
    todo: 'Load it again. If that does not help, tell us what you did.',
  }
}

type EmptyProps = Readonly<{ title: string; children?: ReactNode; commands?: readonly string[] }>

/** Says that there are no data, why, and which commands produce some. */
export function Empty({ title, children, commands }: EmptyProps): ReactNode {
  return (
    <div className={style.empty}>
      <p className={style.title}>{title}</p>
      {children}
      {commands && <Commands lines={commands} />}
    </div>
  )
}

/** Says that data are loading. Shown with a delay, so that a quick answer does not flicker. */
export function Loading({ what = 'Loading' }: Readonly<{ what?: string }>): ReactNode {
  return (
    <p className={style.waiting} role="status" data-waiting>
      {what}…
    </p>
  )
}
