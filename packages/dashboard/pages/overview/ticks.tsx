/** Ticks off entries that need attention, until they change or up to a date, and lists those that are ticked off. */
import { Button, Radio, TextInput } from '@mantine/core'
import type { TickBody, TicksView, TickView, UntickBody } from '@splitcart/data-management/http/routes/ticks-schema.ts'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { sendJson } from '../../api/request.ts'
import { useIsAdmin } from '../../api/session.ts'
import { Dialog } from '../../parts/dialog.tsx'
import form from '../../parts/form.module.css'
import { FormButtons } from '../../parts/form-buttons.tsx'
import { formatNumber } from '../../parts/format.ts'
import { ErrorNotice } from '../../parts/notice.tsx'
import list from '../../parts/notice-list.module.css'
import { DateAndTime, ScrapeDate } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import style from './needs-attention.module.css'

/** An entry that can be ticked off, and its name. */
export type Tickable = UntickBody & Readonly<{ name: string }>

/** The button that ticks off an entry, for admins. */
export function TickOffButton({ tick }: Readonly<{ tick: Tickable }>): ReactNode {
  const isAdmin = useIsAdmin()
  const [isAsked, ask] = useState(false)
  if (!isAdmin) return null
  return (
    <>
      <Button
        size="compact-xs"
        variant="subtle"
        aria-label={`Tick off ${tick.kind} ${tick.name}`.slice(0, 120)}
        onClick={() => ask(true)}
      >
        Tick off
      </Button>
      {isAsked && <TickOffDialog tick={tick} close={() => ask(false)} />}
    </>
  )
}

function TickOffDialog({ tick, close }: Readonly<{ tick: Tickable; close: () => void }>): ReactNode {
  const { kind, subject, name } = tick
  const [untilWhen, setUntilWhen] = useState('change')
  const [until, setUntil] = useState('')
  const isDated = untilWhen === 'date'
  const ticking = useTickChange('/api/attention/tick', close)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    ticking.mutate({ kind, subject, until: isDated ? until : null } satisfies TickBody)
  }
  return (
    <Dialog title="Tick this off?" close={close}>
      <form className={form.form} onSubmit={submit}>
        <p>
          {kind}: <UntrustedText text={name} />
        </p>
        <p>It will stand folded below the others, and nobody is told of it. That can be taken back.</p>
        <Radio.Group label="Until" value={untilWhen} onChange={setUntilWhen}>
          <div className={form.choices}>
            <Radio value="change" label="it changes" />
            <Radio value="date" label="it changes, at most to a day" />
          </div>
        </Radio.Group>
        {isDated && (
          <TextInput
            label="Day"
            type="date"
            required
            value={until}
            onChange={({ currentTarget }) => setUntil(currentTarget.value)}
          />
        )}
        <FormButtons close={close} label="Tick off" isBusy={ticking.isPending} error={ticking.error} />
      </form>
    </Dialog>
  )
}

/** The list of ticks, collapsed: the newest, and the number of all. */
export function TickList({ of: { ticked, ticked_count } }: Readonly<{ of: TicksView }>): ReactNode {
  if (ticked_count === 0) return null
  return (
    <details className={style.ticked}>
      <summary>{formatNumber(ticked_count)} ticked off</summary>
      <ul className={list.list}>
        {ticked.map((tick) => (
          <TickLine key={JSON.stringify([tick.kind, tick.subject])} tick={tick} />
        ))}
      </ul>
      {ticked_count > ticked.length && (
        <p className={style.none}>These are the newest; for each that is taken back an older one is shown.</p>
      )}
    </details>
  )
}

function TickLine({ tick }: Readonly<{ tick: TickView }>): ReactNode {
  const { kind, subject, text, until, at, who } = tick
  const isAdmin = useIsAdmin()
  const undoing = useTickChange('/api/attention/untick', () => {})
  return (
    <li className={list.item}>
      <span>{kind}</span>
      <span className={list.what}>
        <UntrustedText text={text} />{' '}
        <span className={style.why}>
          until{' '}
          {until !== null && (
            <>
              <ScrapeDate on={until} />, or{' '}
            </>
          )}
          it changes, by <UntrustedText text={who} />, <DateAndTime at={at} />
        </span>
        {undoing.error && <ErrorNotice error={undoing.error} />}
      </span>
      {isAdmin && (
        <Button
          size="compact-xs"
          variant="default"
          loading={undoing.isPending}
          onClick={() => undoing.mutate({ kind: kind as UntickBody['kind'], subject })}
        >
          Take it back
        </Button>
      )}
    </li>
  )
}

function useTickChange(path: string, done: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: TickBody | UntickBody) => sendJson('POST', path, body),
    onSuccess: async () => {
      done()
      for (const name of ['overview', 'notices', 'audit']) await client.invalidateQueries({ queryKey: [name] })
    },
  })
}
