/** Adds a machine: asks for its name and system, shows the commands to type on it, and waits for its first request. */
import { Button, SegmentedControl, TextInput } from '@mantine/core'
import type { KeyView } from '@splitcart/data-management/http/routes/keys-schema.ts'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { newKeyQuery } from '../../api/key-queries.ts'
import { systemQuery } from '../../api/queries.ts'
import { sendJson } from '../../api/request.ts'
import { Badge } from '../../parts/badge.tsx'
import { Commands } from '../../parts/commands.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import form from '../../parts/form.module.css'
import { FormButtons } from '../../parts/form-buttons.tsx'
import { timeOfDay } from '../../parts/format.ts'
import { Ago } from '../../parts/time.tsx'
import { UntrustedBlock } from '../../parts/untrusted-text.tsx'
import { OwnKeyField, unlessKeyRefused } from '../keys/own-key.tsx'
import style from './machines.module.css'
import { connectCommands, manualSetupCommands, SYSTEMS, type System, shellOf } from './setup-commands.ts'

type Invitation = Readonly<{ code: string; created_at: string; expires_at: string }>
type PendingInvitation = Invitation & Readonly<{ name: string; system: System; since: string }>

/** The dialog: first a form, then the commands with the one-time code. */
export function AddMachine({ close }: Readonly<{ close: () => void }>): ReactNode {
  const [invited, invite] = useState<PendingInvitation>()
  const client = useQueryClient()
  const end = () => {
    close()
    client.invalidateQueries({ queryKey: ['keys'] })
  }
  return (
    <Dialog title="Add a machine" close={end} size="xl">
      {invited === undefined ? (
        <InvitationForm close={close} done={invite} />
      ) : (
        <InvitationSteps invited={invited} close={end} again={() => invite(undefined)} />
      )}
    </Dialog>
  )
}

function InvitationForm({
  close,
  done,
}: Readonly<{ close: () => void; done: (invited: PendingInvitation) => void }>): ReactNode {
  const [name, setName] = useState('')
  const [system, setSystem] = useState<System>(ownSystem())
  const [ownKey, setOwnKey] = useState('')
  const inviting = useMutation({
    mutationFn: () =>
      sendJson<Invitation>('POST', '/api/invitations', { name: name.trim(), scopes: ['upload'] }, ownKey),
    onSuccess: (made) => done({ ...made, name: name.trim(), system, since: made.created_at }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    inviting.mutate()
  }
  return (
    <form className={form.form} onSubmit={submit}>
      <TextInput
        label="What the machine is called"
        placeholder="kitchen laptop"
        required
        withAsterisk={false}
        maxLength={100}
        data-autofocus
        value={name}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
      />
      <div>
        <span className={style.label}>Its system</span>
        <SegmentedControl
          aria-label="Its system"
          data={[...SYSTEMS]}
          value={system}
          onChange={(value) => setSystem(value as System)}
        />
      </div>
      <OwnKeyField value={ownKey} change={setOwnKey} error={inviting.error} />
      <FormButtons close={close} label="Go on" isBusy={inviting.isPending} error={unlessKeyRefused(inviting.error)} />
    </form>
  )
}

function ownSystem(): System {
  if (/Windows/.test(navigator.userAgent)) return 'Windows'
  return /Macintosh/.test(navigator.userAgent) ? 'macOS' : 'Linux'
}

type InvitationStepsProps = Readonly<{ invited: PendingInvitation; close: () => void; again: () => void }>

function InvitationSteps({ invited, close, again }: InvitationStepsProps): ReactNode {
  const { name, system, code, expires_at, since } = invited
  const address = window.location.origin
  const { data: key } = useQuery(newKeyQuery(name, since))
  const { data: server } = useQuery(systemQuery)
  const version = server?.versions.program ?? 'VERSION'
  return (
    <div className={form.form}>
      <p>
        On <UntrustedBlock text={name} />, in {shellOf(system)}, with Node.js 18 or newer and the package beside it (a
        file without Node does as well: then without the first line, and as <code>./splitcart</code>):
      </p>
      <Commands lines={connectCommands(address, code, version)} />
      <p className={style.muted}>
        The code works once, until {timeOfDay(Date.parse(expires_at))}. It becomes a key of that machine alone, which
        stays there; the outbox is sent every 15 minutes.
      </p>
      <details>
        <summary>By hand, with a key of your own making</summary>
        <Commands lines={manualSetupCommands(system, address)} />
      </details>
      <ConnectionProgress keyOf={key ?? undefined} />
      <div className={form.buttons}>
        {key === null && (
          <Button variant="default" onClick={again}>
            Another code
          </Button>
        )}
        <Button onClick={close}>{key?.last_used_at == null ? 'Close' : 'Done'}</Button>
      </div>
    </div>
  )
}

/** Whether the machine has fetched its key and used it yet. */
function ConnectionProgress({ keyOf: key }: Readonly<{ keyOf: KeyView | undefined }>): ReactNode {
  return (
    <p role="status" className={style.heard}>
      {key === undefined ? (
        <>
          <Badge tone="calm">waiting</Badge> for the machine to fetch its key
        </>
      ) : key.last_used_at === null ? (
        <>
          <Badge tone="warn">has its key</Badge> and has not used it yet
        </>
      ) : (
        <>
          <Badge tone="good">connected</Badge> heard of <Ago at={key.last_used_at} /> from {key.last_used_from}
        </>
      )}
    </p>
  )
}
