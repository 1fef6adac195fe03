/** The dialog that revokes a key. */
import type { KeyView } from '@splitcart/data-management/http/routes/keys-schema.ts'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { FormEvent, ReactNode } from 'react'
import { sendJson } from '../../api/request.ts'
import { sessionQuery, useSession } from '../../api/session.ts'
import { Dialog } from '../../parts/dialog.tsx'
import form from '../../parts/form.module.css'
import { FormButtons } from '../../parts/form-buttons.tsx'
import { UntrustedBlock } from '../../parts/untrusted-text.tsx'
import style from './keys.module.css'

/** Asks for confirmation, and revokes the key. */
export function RevokeDialog({ of: { id, name }, close }: Readonly<{ of: KeyView; close: () => void }>): ReactNode {
  const client = useQueryClient()
  const isOwn = useSession()?.key_id === id
  const revoking = useMutation({
    mutationFn: () => sendJson('POST', `/api/keys/${encodeURIComponent(id)}/revoke`, {}),
    onSuccess: async () => {
      close()
      await client.invalidateQueries({ queryKey: isOwn ? sessionQuery.queryKey : ['keys'] })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    revoking.mutate()
  }
  return (
    <Dialog title="Revoke this key?" close={close}>
      <form className={form.form} onSubmit={submit}>
        <p>
          <UntrustedBlock text={name} /> (<code>{id}</code>) is refused from now on, for ever. What it sent stays; what
          waits in its outbox waits until it has another key.
        </p>
        {isOwn && <p className={style.own}>This is the key you are signed in with: you will be signed out.</p>}
        <FormButtons close={close} label="Revoke" isBusy={revoking.isPending} error={revoking.error} isDanger />
      </form>
    </Dialog>
  )
}
