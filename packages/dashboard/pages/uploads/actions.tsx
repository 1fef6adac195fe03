/** The actions that a person can request for an upload. The loader runs them; the result arrives as an event. */
import { Button, TextInput } from '@mantine/core'
import type { ActionName, UploadView } from '@splitcart/data-management/http/routes/uploads-schema.ts'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { uploadQuery } from '../../api/queries.ts'
import { sendJson } from '../../api/request.ts'
import { useIsAdmin } from '../../api/session.ts'
import { Dialog } from '../../parts/dialog.tsx'
import form from '../../parts/form.module.css'
import { FormButtons } from '../../parts/form-buttons.tsx'
import { UntrustedBlock } from '../../parts/untrusted-text.tsx'
import style from './actions.module.css'

type UploadAction = Readonly<{ name: ActionName; label: string; effect: string; isDanger: boolean; isRepaired?: true }>

const ACTIONS: Readonly<Record<ActionName, UploadAction>> = {
  release: { name: 'release', label: 'Release', effect: 'Its rows will be loaded as they are.', isDanger: false },
  discard: {
    name: 'discard',
    label: 'Discard',
    effect: 'It will not be loaded. The file stays on the server, among those that failed.',
    isDanger: true,
  },
  undo: {
    name: 'undo',
    label: 'Undo',
    effect:
      'Everything this load did is taken out of the catalogue again. The file is held afterwards, so this can be taken back.',
    isDanger: true,
  },
  replay: {
    name: 'replay',
    label: 'Replay',
    effect: 'The file is loaded once more, from its beginning.',
    isDanger: false,
  },
}

const RELEASE_REPAIRED: UploadAction = {
  name: 'release',
  label: 'Release repaired',
  effect:
    'Its rows will be loaded as the repair makes them, now and whenever it is loaded again. Undoing the load ends that; the file stays as it came.',
  isDanger: false,
  isRepaired: true,
}

const ACTIONS_BY_STATE: Readonly<Record<string, readonly ActionName[]>> = {
  held: ['release', 'discard'],
  loaded: ['undo'],
  failed: ['replay'],
}

/** The buttons of the actions that the upload's state allows, for admins. */
export function UploadActions({ upload }: Readonly<{ upload: UploadView }>): ReactNode {
  const isAdmin = useIsAdmin()
  const [asked, ask] = useState<UploadAction>()
  const own = (ACTIONS_BY_STATE[upload.state] ?? []).map((name) => ACTIONS[name])
  const isOffered = upload.state === 'held' && upload.findings?.some(({ held, repair }) => held && repair !== null)
  const actions = isOffered ? [RELEASE_REPAIRED, ...own] : own
  if (actions.length === 0) return null
  if (!isAdmin)
    return upload.state === 'held' ? (
      <p className={style.note}>To release or discard it, sign in with a key that has the scope admin.</p>
    ) : null
  return (
    <div className={style.actions}>
      {actions.map((action) => (
        <Button
          key={action.label}
          size="xs"
          variant={action.isRepaired ? 'filled' : 'default'}
          disabled={upload.details?.requested_action != null}
          onClick={() => ask(action)}
        >
          {action.label}
        </Button>
      ))}
      <p role="status" className={style.note}>
        {upload.details?.requested_action ? 'Asked for; update-db does it when its turn comes.' : ''}
      </p>
      {asked && <ActionDialog upload={upload} action={asked} close={() => ask(undefined)} />}
    </div>
  )
}

function useActionRequest(id: string, action: UploadAction, done: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (reason: string) =>
      sendJson('POST', `/api/uploads/${id}/${action.name}`, {
        ...(reason !== '' && { reason }),
        ...(action.isRepaired && { repair: true }),
      }),
    onSuccess: async () => {
      done()
      await client.invalidateQueries({ queryKey: uploadQuery(id).queryKey })
      for (const queryKey of [['uploads'], ['repair', id]]) await client.invalidateQueries({ queryKey })
    },
  })
}

function ActionDialog({
  upload,
  action,
  close,
}: Readonly<{ upload: UploadView; action: UploadAction; close: () => void }>): ReactNode {
  const [reason, setReason] = useState('')
  const acting = useActionRequest(upload.id, action, close)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    acting.mutate(reason.trim())
  }
  return (
    <Dialog title={`${action.label} this upload?`} close={close}>
      <form className={form.form} onSubmit={submit}>
        <p>
          <UntrustedBlock text={upload.filename} />
        </p>
        <p>{action.effect}</p>
        <TextInput
          label="Reason (for the audit, may be empty)"
          maxLength={500}
          value={reason}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
        />
        <FormButtons
          close={close}
          label={action.label}
          isBusy={acting.isPending}
          error={acting.error}
          isDanger={action.isDanger}
        />
      </form>
    </Dialog>
  )
}
