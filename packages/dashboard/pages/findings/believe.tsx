/** The button that accepts a finding of a chain from now on (a belief), and the button that takes that back. */
import { Button, Radio, TextInput } from '@mantine/core'
import type { BeliefBody } from '@splitcart/data-management/http/routes/findings-schema.ts'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { sendJson } from '../../api/request.ts'
import { useIsAdmin } from '../../api/session.ts'
import { Dialog } from '../../parts/dialog.tsx'
import form from '../../parts/form.module.css'
import { FormButtons } from '../../parts/form-buttons.tsx'
import { ErrorNotice } from '../../parts/notice.tsx'
import { DateAndTime } from '../../parts/time.tsx'
import { UntrustedBlock } from '../../parts/untrusted-text.tsx'
import style from './findings.module.css'

/** A finding that can be believed. `store`: where it was found; without it, only the whole company can be chosen. */
export type BelievableFinding = Readonly<{
  company: string
  store?: string | null
  rule: string
  field: string | null
  sentence: string
}>

/** The button that accepts a finding from now on, and its dialog; for admins. */
export function BelieveButton({ finding }: Readonly<{ finding: BelievableFinding }>): ReactNode {
  const isAdmin = useIsAdmin()
  const [isAsked, ask] = useState(false)
  if (!isAdmin) return null
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={() => ask(true)}>
        Believe from now on
      </Button>
      {isAsked && <BelieveDialog finding={finding} close={() => ask(false)} />}
    </>
  )
}

function BelieveDialog({ finding, close }: Readonly<{ finding: BelievableFinding; close: () => void }>): ReactNode {
  const { company, store, rule, field, sentence } = finding
  const [reason, setReason] = useState('')
  const [whose, setWhose] = useState('company')
  const believing = useBeliefChange(close)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const isOfStore = store != null && whose === 'store'
    const body: BeliefBody = { company, rule, ...(field !== null && { field }), ...(isOfStore && { store_id: store }) }
    believing.mutate(['/api/beliefs', reason.trim() === '' ? body : { ...body, reason: reason.trim() }])
  }
  return (
    <Dialog title="Believe this from now on?" close={close}>
      <form className={form.form} onSubmit={submit}>
        <p>
          <UntrustedBlock text={sentence} />
        </p>
        <p>It will still stand in receipts, but need nobody's attention. That can be taken back.</p>
        {store != null && (
          <Radio.Group label="Of" value={whose} onChange={setWhose}>
            <Radio value="company" label={`all stores of ${company}`} />
            <Radio value="store" label={`the store ${store} alone`} />
          </Radio.Group>
        )}
        <TextInput
          label="Reason (for the audit, may be empty)"
          maxLength={500}
          value={reason}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
        />
        <FormButtons close={close} label="Believe" isBusy={believing.isPending} error={believing.error} />
      </form>
    </Dialog>
  )
}

/** Since when a finding is believed, and, for admins, the button that ends the belief. */
export function BelievedSince({ id, since }: Readonly<{ id: number; since: string }>): ReactNode {
  const isAdmin = useIsAdmin()
  const undoing = useBeliefChange(() => {})
  return (
    <span className={style.believed}>
      believed since <DateAndTime at={since} />
      {isAdmin && (
        <Button
          size="compact-xs"
          variant="default"
          loading={undoing.isPending}
          onClick={() => undoing.mutate([`/api/beliefs/${id}/undo`])}
        >
          Take it back
        </Button>
      )}
      {undoing.error && <ErrorNotice error={undoing.error} />}
    </span>
  )
}

function useBeliefChange(done: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ([path, body]: readonly [string, BeliefBody?]) => sendJson('POST', path, body),
    onSuccess: async () => {
      done()
      for (const name of ['findings', 'overview', 'upload', 'uploads'])
        await client.invalidateQueries({ queryKey: [name] })
    },
  })
}
