/** The page of the keys: their rights, and when each was last used. */
import { Button } from '@mantine/core'
import type { KeyView } from '@splitcart/data-management/http/routes/keys-schema.ts'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useMemo, useState } from 'react'
import { keysQuery } from '../../api/key-queries.ts'
import { useIsAdmin, useSession } from '../../api/session.ts'
import { Badge, type Tone } from '../../parts/badge.tsx'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { Ago, DateOfTime } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import { AdminOnlyNotice } from './admin-only-notice.tsx'
import style from './keys.module.css'
import { CreatedKeyDialog, NewKeyDialog } from './new-key.tsx'
import { RevokeDialog } from './revoke.tsx'
import { RotateDialog } from './rotate.tsx'
import { KeysTabs } from './tabs.tsx'

/** The open dialog, and the key that it is about. */
type OpenDialog = Readonly<{ what: 'create' } | { what: 'rotate' | 'revoke'; key: KeyView }>

/** The page at /keys. */
export function Keys(): ReactNode {
  const isAdmin = useIsAdmin()
  const [doing, start] = useState<OpenDialog>()
  const create = (
    <Button size="xs" onClick={() => start({ what: 'create' })}>
      Create a key
    </Button>
  )
  return (
    <Page title="Keys and audit" actions={isAdmin && create}>
      <KeysTabs />
      {isAdmin ? <KeyTable start={start} /> : <AdminOnlyNotice what="the keys" />}
      <KeyDialogs doing={doing} close={() => start(undefined)} />
    </Page>
  )
}

type CreatedKeyText = Readonly<{ name: string; key: string }>

/** The open dialog; after a key was created, the dialog that shows it. */
function KeyDialogs({ doing, close }: Readonly<{ doing: OpenDialog | undefined; close: () => void }>): ReactNode {
  const [made, show] = useState<CreatedKeyText>()
  if (made !== undefined) return <CreatedKeyDialog made={made} close={() => show(undefined)} />
  if (doing === undefined) return null
  const done = (key: CreatedKeyText) => {
    close()
    show(key)
  }
  if (doing.what === 'create') return <NewKeyDialog close={close} done={done} />
  if (doing.what === 'rotate') return <RotateDialog of={doing.key} close={close} done={done} />
  return <RevokeDialog of={doing.key} close={close} />
}

function KeyTable({ start }: Readonly<{ start: (doing: OpenDialog) => void }>): ReactNode {
  const keys = useInfiniteQuery(keysQuery)
  const own = useSession()?.key_id
  const columns = useMemo(() => columnsFor(own, start), [own, start])
  const rows = useMemo(() => keys.data?.pages.flatMap((page) => page.keys) ?? [], [keys.data])
  if (keys.data === undefined) return keys.error ? <ErrorNotice error={keys.error} retry={keys.refetch} /> : <Loading />
  if (rows.length === 0) return <Empty title="There is no key yet: this session works with the key of the settings." />
  return <DataTable label="Keys" columns={columns} rows={rows} idOf={({ id }) => id} more={keys} />
}

const TONES: Readonly<Record<KeyView['state'], Tone>> = { works: 'good', expired: 'calm', revoked: 'calm' }

function columnsFor(own: string | undefined, start: (doing: OpenDialog) => void): Column<KeyView>[] {
  return [
    {
      id: 'name',
      title: 'Name',
      width: 'minmax(8rem, 2fr)',
      narrow: 'first',
      sort: ({ name }) => name,
      cell: ({ id, name }) => (
        <span className={style.name}>
          <Link to="/uploads" search={{ key: id }} title="What it sent">
            <UntrustedText text={name} />
          </Link>
          <code className={style.id} title={`The key ${id}`}>
            {id}
          </code>
          {id === own && <span className={style.muted}>you</span>}
        </span>
      ),
    },
    ...COLUMNS,
    {
      id: 'do',
      title: 'Actions',
      width: '9.5rem',
      alignRight: true,
      narrow: 'bare',
      cell: (key) => key.state === 'works' && <KeyActions of={key} start={start} />,
    },
  ]
}

const COLUMNS: readonly Column<KeyView>[] = [
  {
    id: 'state',
    title: 'State',
    width: '5.5rem',
    narrow: 'bare',
    sort: ({ state }) => state,
    cell: ({ state }) => <Badge tone={TONES[state]}>{state}</Badge>,
  },
  {
    id: 'scopes',
    title: 'Scopes',
    width: '9rem',
    narrow: 'bare',
    sort: ({ scopes }) => scopes.join(),
    cell: ({ scopes }) => scopes.join(', '),
  },
  {
    id: 'only',
    title: 'Only',
    width: 'minmax(3rem, 1fr)',
    sort: ({ only_for, only_from }) => limitsOf(only_for, only_from),
    cell: ({ only_for, only_from }) => <UntrustedText text={limitsOf(only_for, only_from)} />,
  },
  {
    id: 'used',
    title: 'Last used',
    width: 'minmax(11rem, 1.4fr)',
    narrow: 'shown',
    sort: ({ last_used_at }) => last_used_at ?? '',
    cell: ({ last_used_at, last_used_from }) =>
      last_used_at === null ? (
        'never'
      ) : (
        <>
          <Ago at={last_used_at} /> <span className={style.muted}>{last_used_from}</span>
        </>
      ),
  },
  {
    id: 'end',
    title: 'Ends',
    width: '6.5rem',
    sort: ({ revoked_at, expires_at }) => revoked_at ?? expires_at ?? '~',
    cell: (key) => <KeyEnd of={key} />,
  },
]

function limitsOf(stores: readonly string[] | null, addresses: readonly string[] | null): string {
  const limits = [
    stores === null ? '' : `for ${stores.join(', ')}`,
    addresses === null ? '' : `from ${addresses.join(', ')}`,
  ]
  return limits.filter((limit) => limit !== '').join('; ') || '–'
}

function KeyEnd({ of: { revoked_at, expires_at, rotated_to } }: Readonly<{ of: KeyView }>): ReactNode {
  if (revoked_at !== null) return <Ago at={revoked_at} />
  if (expires_at === null) return 'never'
  return (
    <>
      <DateOfTime at={expires_at} />
      {rotated_to !== null && <span className={style.muted}> replaced</span>}
    </>
  )
}

function KeyActions({ of: key, start }: Readonly<{ of: KeyView; start: (doing: OpenDialog) => void }>): ReactNode {
  const name = key.name.slice(0, 60)
  return (
    <span className={style.actions}>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={`Rotate ${name}`}
        onClick={() => start({ what: 'rotate', key })}
      >
        Rotate
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={`Revoke ${name}`}
        onClick={() => start({ what: 'revoke', key })}
      >
        Revoke
      </Button>
    </span>
  )
}
