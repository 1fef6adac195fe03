/** The settings of a store, and the dialog in which admins change them. */
import { Button, Checkbox, Textarea, TextInput } from '@mantine/core'
import type {
  StoreSettingsBody,
  StoreSettingsView,
} from '@splitcart/data-management/http/routes/store-settings-schema.ts'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { sendJson } from '../../api/request.ts'
import { useIsAdmin } from '../../api/session.ts'
import { Dialog } from '../../parts/dialog.tsx'
import form from '../../parts/form.module.css'
import { FormButtons } from '../../parts/form-buttons.tsx'
import { count } from '../../parts/format.ts'
import { Facts, Panel } from '../../parts/page.tsx'
import { DateAndTime, ScrapeDate } from '../../parts/time.tsx'
import { UntrustedBlock, UntrustedText } from '../../parts/untrusted-text.tsx'

type Props = Readonly<{ store: string; settings: StoreSettingsView | null; usualDays: number | null }>

/** The panel of a store's settings. */
export function StoreSettings(props: Props): ReactNode {
  const isAdmin = useIsAdmin()
  const [isEdited, edit] = useState(false)
  const button = (
    <Button size="compact-xs" variant="default" onClick={() => edit(true)}>
      Edit
    </Button>
  )
  return (
    <Panel title="What is expected of it" note={isAdmin && button}>
      <Facts facts={factsOf(props)} />
      {isEdited && <EditDialog {...props} close={() => edit(false)} />}
    </Panel>
  )
}

/** How often a store is scraped, in words. */
export function intervalText(days: number | null): string {
  if (days === null) return 'once so far'
  return days === 1 ? 'daily' : `every ${count(days, 'day')}`
}

function factsOf({ settings, usualDays }: Props): (readonly [string, ReactNode])[] {
  const learned = usualDays === null ? 'nobody knows when yet' : `${intervalText(usualDays)}, as learned`
  if (settings === null) return [['A scrape', learned]]
  const { expected_days, is_retired, snoozed_until, note, set_at, set_by } = settings
  return [
    [
      'A scrape',
      is_retired ? 'none: it is retired' : expected_days === null ? learned : `${intervalText(expected_days)}, as set`,
    ],
    ...(snoozed_until === null ? [] : [['Snoozed until', <ScrapeDate key="until" on={snoozed_until} />] as const]),
    ...(note === null ? [] : [['Note', <UntrustedBlock key="note" text={note} />] as const]),
    [
      'Set by',
      <span key="by">
        <UntrustedText text={set_by} />, <DateAndTime at={set_at} />
      </span>,
    ],
  ]
}

type SettingsForm = Readonly<{ days: string; isRetired: boolean; until: string; note: string }>

function EditDialog({ store, settings, usualDays, close }: Props & Readonly<{ close: () => void }>): ReactNode {
  const [wanted, setWanted] = useState<SettingsForm>({
    days: settings?.expected_days?.toString() ?? '',
    isRetired: settings?.is_retired ?? false,
    until: settings?.snoozed_until ?? '',
    note: settings?.note ?? '',
  })
  const saving = useSaveSettings(close)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    saving.mutate(storeSettingsBody(store, wanted))
  }
  return (
    <Dialog title="What is expected of this store" close={close}>
      <form className={form.form} onSubmit={submit}>
        <EditFields wanted={wanted} usualDays={usualDays} want={(part) => setWanted((now) => ({ ...now, ...part }))} />
        <FormButtons close={close} label="Save" isBusy={saving.isPending} error={saving.error} />
      </form>
    </Dialog>
  )
}

type EditFieldsProps = Readonly<{
  wanted: SettingsForm
  usualDays: number | null
  want: (part: Partial<SettingsForm>) => void
}>

function EditFields({ wanted, usualDays, want }: EditFieldsProps): ReactNode {
  return (
    <>
      <TextInput
        label="Days from one scrape to the next"
        description={`Empty: as learned${usualDays === null ? '' : `, ${intervalText(usualDays)}`}`}
        type="number"
        min={1}
        max={366}
        step="any"
        data-autofocus
        value={wanted.days}
        onChange={({ currentTarget }) => want({ days: currentTarget.value })}
      />
      <TextInput
        label="Snoozed until (may be empty)"
        description="Before that day it needs nobody, whatever is wrong"
        type="date"
        value={wanted.until}
        onChange={({ currentTarget }) => want({ until: currentTarget.value })}
      />
      <Checkbox
        label="Retired"
        description="It is scraped no longer: nothing is expected of it"
        checked={wanted.isRetired}
        onChange={({ currentTarget }) => want({ isRetired: currentTarget.checked })}
      />
      <Textarea
        label="Note (may be empty)"
        maxLength={1000}
        autosize
        maxRows={6}
        value={wanted.note}
        onChange={({ currentTarget }) => want({ note: currentTarget.value })}
      />
    </>
  )
}

function storeSettingsBody(store: string, { days, isRetired, until, note }: SettingsForm): StoreSettingsBody {
  return {
    store,
    expected_days: days === '' ? null : Number(days),
    is_retired: isRetired,
    snoozed_until: until === '' ? null : until,
    note: note.trim() === '' ? null : note,
  }
}

function useSaveSettings(done: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: StoreSettingsBody) => sendJson('PUT', '/api/stores/settings', body),
    onSuccess: async () => {
      done()
      for (const name of ['sources', 'overview', 'audit', 'product', 'products'])
        await client.invalidateQueries({ queryKey: [name] })
    },
  })
}
