/** The frame around every page: navigation, state of the live connection, and the key that is signed in. */
import { ActionIcon } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Outlet, useNavigate, useRouter, useRouterState } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { type Connection, followEvents } from '../api/events.ts'
import { signOut, useSession } from '../api/session.ts'
import { Icon } from '../parts/icon.tsx'
import skipLink from '../parts/skip-link.module.css'
import { UntrustedText } from '../parts/untrusted-text.tsx'
import { useAttention } from './attention.ts'
import { Navigation } from './navigation.tsx'
import { SchemeSwitch } from './scheme-switch.tsx'
import { GlobalSearchButton } from './search-button.tsx'
import style from './shell.module.css'

/** The frame of all pages that require a session. */
export function Shell(): ReactNode {
  const connection = useLiveConnection()
  const attention = useAttention()
  const path = useRouterState({ select: ({ location }) => location.pathname })
  const [isOpen, setOpen] = useState(false)
  const main = useFocusAfterNavigation(path, () => setOpen(false))
  useLeaveWhenSignedOut()
  return (
    <div className={style.shell}>
      <a className={skipLink.skip} href="#main">
        Skip to the content
      </a>
      <header className={style.bar}>
        <ActionIcon
          className={style.menu}
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={isOpen ? 'Close the menu' : 'Open the menu'}
          aria-expanded={isOpen}
          aria-controls="navigation"
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name={isOpen ? 'close' : 'menu'} />
        </ActionIcon>
        <span className={style.brand}>SplitCart</span>
        <GlobalSearchButton />
        <ConnectionState connection={connection} />
      </header>
      <div className={style.side} data-open={isOpen}>
        <Navigation attention={attention} />
        <SignedInKey />
      </div>
      <main id="main" className={style.main} ref={main} tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  )
}

function useLiveConnection(): Connection {
  const client = useQueryClient()
  const [connection, tell] = useState<Connection>('connecting')
  useEffect(() => followEvents(client, tell), [client])
  return connection
}

/** If the session ends while the page is open, the router redirects to the sign-in page. */
function useLeaveWhenSignedOut(): void {
  const router = useRouter()
  const isSignedOut = useSession() === null
  useEffect(() => {
    if (isSignedOut) router.invalidate()
  }, [isSignedOut, router])
}

/** After navigation to another page, calls `act` and moves the keyboard focus to the content. */
function useFocusAfterNavigation(path: string, act: () => void) {
  const main = useRef<HTMLElement>(null)
  const last = useRef(path)
  useEffect(() => {
    if (last.current === path) return
    last.current = path
    act()
    main.current?.focus({ preventScroll: true })
  })
  return main
}

const CONNECTION_TEXTS: Readonly<Record<Connection, string>> = {
  connecting: 'Connecting',
  connected: 'Live',
  'not connected': 'Not connected, trying again',
}

function ConnectionState({ connection }: Readonly<{ connection: Connection }>): ReactNode {
  return (
    <p className={style.connection} data-state={connection} role="status">
      {CONNECTION_TEXTS[connection]}
    </p>
  )
}

function SignedInKey(): ReactNode {
  const session = useSession()
  const client = useQueryClient()
  const navigate = useNavigate()
  const leave = async () => {
    await signOut(client).catch(() => client.clear())
    await navigate({ to: '/sign-in', search: {} })
  }
  return (
    <div className={style.who}>
      <SchemeSwitch />
      <div className={style.name}>
        <span className={style.muted}>Key</span> <UntrustedText text={session?.name ?? ''} />
      </div>
      <ActionIcon variant="subtle" color="gray" aria-label="Sign out" title="Sign out" onClick={leave}>
        <Icon name="leave" />
      </ActionIcon>
    </div>
  )
}
