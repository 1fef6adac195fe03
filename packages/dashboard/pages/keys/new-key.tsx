/** Creates a key, and shows it once. */
import { Button, Checkbox, TextInput } from '@mantine/core'
import type { MadeKeyView, NewKeyBody } from '@splitcart/data-management/http/routes/keys-schema.ts'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { sendJson } from '../../api/request.ts'
import { useTimeZone } from '../../api/session.ts'
import { Commands } from '../../parts/commands.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import form from '../../parts/form.module.css'
import { FormButtons } from '../../parts/form-buttons.tsx'
import { lastSecondOfDate } from '../../parts/format.ts'
import { UntrustedBlock } from '../../parts/untrusted-text.tsx'
import style from './keys.module.css'
import { OwnKeyField, unlessKeyRefused } from './own-key.tsx'

type Scope = NewKeyBody['scopes'][number]
type Props = Readonly<{ close: () => void; done: (made: MadeKeyView) => void }>

const SCOPES: readonly { scope: Scope; about: string }[] = [
  { scope: 'upload', about: 'send files, and see what became of them: for a scraping machine' },
  { scope: 'read', about: 'sign in here and look at everything but keys and audit' },
  { scope: 'admin', about: 'release, undo, make keys: for people only' },
]

type NewKeyForm = Readonly<{ name: string; scopes: Scope[]; onlyFor: string; onlyFrom: string; expires: string }>

const EMPTY_FORM: NewKeyForm = { name: '', scopes: ['upload'], onlyFor: '', onlyFrom: '', expires: '' }

/** The dialog that creates a key. */
export function NewKeyDialog({ close, done }: Props): ReactNode {
  const [wanted, setWanted] = useState(EMPTY_FORM)
  const [ownKey, setOwnKey] = useState('')
  const client = useQueryClient()
  const zone = useTimeZone()
  const making = useMutation({
    mutationFn: () => sendJson<MadeKeyView>('POST', '/api/keys', newKeyBody(wanted, zone), ownKey),
    onSuccess: async (made) => {
      done(made)
      await client.invalidateQueries({ queryKey: ['keys'] })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    making.mutate()
  }
  return (
    <Dialog title="Create a key" close={close}>
      <form className={form.form} onSubmit={submit}>
        <NewKeyFields wanted={wanted} want={(part) => setWanted({ ...wanted, ...part })} />
        <OwnKeyField value={ownKey} change={setOwnKey} error={making.error} />
        <FormButtons
          close={close}
          label="Create"
          isBusy={making.isPending}
          error={unlessKeyRefused(making.error)}
          disabled={wanted.scopes.length === 0}
        />
      </form>
    </Dialog>
  )
}

type NewKeyFieldsProps = Readonly<{ wanted: NewKeyForm; want: (part: Partial<NewKeyForm>) => void }>

function NewKeyFields({ wanted, want }: NewKeyFieldsProps): ReactNode {
  return (
    <>
      <TextInput
        label="Name"
        description="Of the machine or person that will use it"
        required
        withAsterisk={false}
        maxLength={100}
        data-autofocus
        value={wanted.name}
        onChange={({ currentTarget }) => want({ name: currentTarget.value })}
      />
      <Checkbox.Group label="It may" value={wanted.scopes} onChange={(scopes) => want({ scopes: scopes as Scope[] })}>
        <div className={form.choices}>
          {SCOPES.map(({ scope, about }) => (
            <Checkbox key={scope} value={scope} label={scope} description={about} />
          ))}
        </div>
      </Checkbox.Group>
      <TextInput
        label="Only for (may be empty)"
        description="Companies, or stores as company/store, with commas between"
        value={wanted.onlyFor}
        onChange={({ currentTarget }) => want({ onlyFor: currentTarget.value })}
      />
      <TextInput
        label="Only from (may be empty)"
        description="Addresses it may be used from, such as 203.0.113.7 or 10.0.0.0/8, with commas between"
        value={wanted.onlyFrom}
        onChange={({ currentTarget }) => want({ onlyFrom: currentTarget.value })}
      />
      <TextInput
        label="Last day (may be empty)"
        type="date"
        value={wanted.expires}
        onChange={({ currentTarget }) => want({ expires: currentTarget.value })}
      />
    </>
  )
}

function newKeyBody({ name, scopes, onlyFor, onlyFrom, expires }: NewKeyForm, zone: string): NewKeyBody {
  const stores = wordsIn(onlyFor)
  const addresses = wordsIn(onlyFrom)
  return {
    name: name.trim(),
    scopes,
    ...(stores.length > 0 && { only_for: stores }),
    ...(addresses.length > 0 && { only_from: addresses }),
    // Valid until the end of that day in the server's time zone.
    ...(expires !== '' && { expires_at: new Date(lastSecondOfDate(zone, expires)).toISOString() }),
  }
}

function wordsIn(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
}

/** Shows a key that was just created. */
export function CreatedKeyDialog({
  made,
  close,
}: Readonly<{ made: Pick<MadeKeyView, 'name' | 'key'>; close: () => void }>): ReactNode {
  return (
    <Dialog title="The new key" close={close} isOnce>
      <div className={form.form}>
        <p>
          The key of <UntrustedBlock text={made.name} /> is shown this once. Copy it now.
        </p>
        <Commands lines={[made.key]} />
        <p className={style.muted}>On a scraping machine it belongs into .env, as API_SECRET_KEY=…</p>
        <div className={form.buttons}>
          <Button onClick={close}>I have it</Button>
        </div>
      </div>
    </Dialog>
  )
}
