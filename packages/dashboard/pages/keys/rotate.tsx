/** The dialog that replaces a key by a new one; the old one stays valid for a while. */
import { NativeSelect } from '@mantine/core'
import type { KeyView, MadeKeyView } from '@splitcart/data-management/http/routes/keys-schema.ts'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { sendJson } from '../../api/request.ts'
import { Dialog } from '../../parts/dialog.tsx'
import form from '../../parts/form.module.css'
import { FormButtons } from '../../parts/form-buttons.tsx'
import { UntrustedBlock } from '../../parts/untrusted-text.tsx'
import { OwnKeyField, unlessKeyRefused } from './own-key.tsx'

type Props = Readonly<{ of: KeyView; close: () => void; done: (made: MadeKeyView) => void }>

const OVERLAPS = [
  { value: '24', label: 'one more day' },
  { value: '168', label: 'one more week' },
  { value: '0', label: 'no longer: it ends at once' },
]

/** Asks how long the old key stays valid, and creates the new one. */
export function RotateDialog({ of: { id, name }, close, done }: Props): ReactNode {
  const client = useQueryClient()
  const [hours, setHours] = useState('24')
  const [ownKey, setOwnKey] = useState('')
  const rotating = useMutation({
    mutationFn: () =>
      sendJson<MadeKeyView>(
        'POST',
        `/api/keys/${encodeURIComponent(id)}/rotate`,
        { overlap_hours: Number(hours) },
        ownKey,
      ),
    onSuccess: async (made) => {
      done(made)
      await client.invalidateQueries({ queryKey: ['keys'] })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    rotating.mutate()
  }
  return (
    <Dialog title="Rotate this key?" close={close}>
      <form className={form.form} onSubmit={submit}>
        <p>
          <UntrustedBlock text={name} /> gets a new key with the same rights.
        </p>
        <NativeSelect
          label="The old one works"
          value={hours}
          onChange={({ currentTarget }) => setHours(currentTarget.value)}
          data={OVERLAPS}
        />
        <OwnKeyField value={ownKey} change={setOwnKey} error={rotating.error} />
        <FormButtons
          close={close}
          label="Rotate"
          isBusy={rotating.isPending}
          error={unlessKeyRefused(rotating.error)}
        />
      </form>
    </Dialog>
  )
}
