/** What is shown where there is no page, and where a page could not be shown. */
import { Link, useRouter } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import { Refusal } from '../api/request.ts'
import { Empty, Trouble } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import style from './not-found.module.css'

const RETRY_MS = 3_000

/** No page has this address. */
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

/** Something was thrown that nobody caught. Where the server was silent, it is tried again until it is not. */
export function Broken({ error, reset }: Readonly<{ error: unknown; reset: () => void }>): ReactNode {
  const router = useRouter()
  const mayPass = error instanceof Refusal && error.problem.status === 0
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
      <Trouble error={error} retry={again} />
    </Page>
  )
}

/** The same, where not even the frame of the pages could be shown. */
export function BrokenWhole(props: Readonly<{ error: unknown; reset: () => void }>): ReactNode {
  return (
    <main className={style.alone}>
      <Broken {...props} />
    </main>
  )
}
