/** What is shown at an unknown address, and when a page fails to render. */
import { Link, useRouter } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import { ApiError } from '../api/request.ts'
import { Empty, ErrorNotice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import style from './not-found.module.css'

const RETRY_MS = 3_000

/** The page for an unknown address. */
export function NotFound(): ReactNode {
  return (
    <main className={style.alone}>
      <Page title="There is no such page">
        <Empty title="The address may be misspelt, or from an older version of this page.">
          <p>
            <Link to="/">Go to the overview</Link>
          </p>
        </Empty>
      </Page>
    </main>
  )
}

/** Shows an uncaught error. If the server did not answer, the page is retried until it does. */
export function PageError({ error, reset }: Readonly<{ error: unknown; reset: () => void }>): ReactNode {
  const router = useRouter()
  const mayPass = error instanceof ApiError && error.problem.status === 0
  useEffect(() => {
    if (!mayPass) return
    const timer = setInterval(() => router.invalidate(), RETRY_MS)
    return () => clearInterval(timer)
  }, [mayPass, router])
  const again = () => {
    reset()
    router.invalidate()
  }
  return (
    <Page title="This page cannot be shown">
      <ErrorNotice error={error} retry={again} />
    </Page>
  )
}

/** Shows an error in the frame around the pages, without the frame. */
export function FullPageError(props: Readonly<{ error: unknown; reset: () => void }>): ReactNode {
  return (
    <main className={style.alone}>
      <PageError {...props} />
    </main>
  )
}
