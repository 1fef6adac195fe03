/** The watch button on the page of a product, and the dialog that chooses when a notice is sent. */
import { Button, Radio, TextInput } from '@mantine/core'
import type { ProductAnswer } from '@splitcart/data-management/http/routes/products.ts'
import type { WatchView } from '@splitcart/data-management/http/routes/watches.ts'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { watchesQuery } from '../../api/notice-queries.ts'
import { sendJson } from '../../api/request.ts'
import { useIsAdmin } from '../../api/session.ts'
import { Dialog } from '../../parts/dialog.tsx'
import form from '../../parts/form.module.css'
import { FormButtons } from '../../parts/form-buttons.tsx'
import { money } from '../../parts/format.ts'
import { UntrustedBlock } from '../../parts/untrusted-text.tsx'
import { EndWatchButton, ruleText } from './watched.tsx'

type Rule = WatchView['rule']
type ProductProp = Readonly<{ product: Pick<ProductAnswer, 'id' | 'name' | 'now'> }>

const RULES: readonly { rule: Rule; label: string }[] = [
  { rule: 'target', label: 'its lowest price is at or below' },
  { rule: 'low', label: 'it is cheaper than ever before' },
  { rule: 'any', label: 'its lowest price changes at all' },
  { rule: 'stock', label: 'it is sold again after nobody had it' },
]

// The suggested target price is 5% below the current one.
const TARGET_SHARE = 0.95

/** The button that opens the watch dialog; for admins only. */
export function WatchButton({ product }: ProductProp): ReactNode {
  const [isOpen, setOpen] = useState(false)
  const isAdmin = useIsAdmin()
  const { data } = useQuery(watchesQuery)
  const own = data?.watches.filter(({ product_id }) => product_id === product.id) ?? []
  if (!isAdmin) return null
  return (
    <>
      <Button size="compact-sm" variant="default" aria-pressed={own.length > 0} onClick={() => setOpen(true)}>
        {own.length > 0 ? '★ Watched' : '☆ Watch'}
      </Button>
      {isOpen && <WatchDialog product={product} own={own} close={() => setOpen(false)} />}
    </>
  )
}

type WatchDialogProps = ProductProp & Readonly<{ own: readonly WatchView[]; close: () => void }>

function WatchDialog({ product, own, close }: WatchDialogProps): ReactNode {
  const { id, name, now } = product
  const [rule, setRule] = useState<Rule>('target')
  const [target, setTarget] = useState<string>(suggestedTarget(now.lowest_cents))
  const client = useQueryClient()
  const setting = useMutation({
    mutationFn: () => sendJson('POST', '/api/watches', watchBody(id, rule, target)),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['watches'] })
      close()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setting.mutate()
  }
  return (
    <Dialog title="Watch" close={close}>
      <form className={form.form} onSubmit={submit}>
        <p>
          <UntrustedBlock text={name} /> {now.lowest_cents !== null && `costs ${money(now.lowest_cents)} now.`}
        </p>
        {own.length > 0 && <OwnWatches watches={own} />}
        <WatchRuleFields rule={rule} setRule={setRule} target={target} setTarget={setTarget} />
        <FormButtons
          close={close}
          label="Watch"
          isBusy={setting.isPending}
          error={setting.error}
          disabled={rule === 'target' && !(Number(target) > 0)}
        />
      </form>
    </Dialog>
  )
}

type WatchRuleFieldsProps = Readonly<{
  rule: Rule
  setRule: (rule: Rule) => void
  target: string
  setTarget: (target: string) => void
}>

function WatchRuleFields({ rule, setRule, target, setTarget }: WatchRuleFieldsProps): ReactNode {
  return (
    <>
      <Radio.Group label="Tell me when" value={rule} onChange={(value) => setRule(value as Rule)}>
        <div className={form.choices}>
          {RULES.map(({ rule: value, label }) => (
            <Radio key={value} value={value} label={label} />
          ))}
        </div>
      </Radio.Group>
      {rule === 'target' && (
        <TextInput
          label="Price"
          type="number"
          min={0.01}
          step={0.01}
          value={target}
          onChange={({ currentTarget }) => setTarget(currentTarget.value)}
        />
      )}
    </>
  )
}

function OwnWatches({ watches }: Readonly<{ watches: readonly WatchView[] }>): ReactNode {
  return (
    <div>
      {watches.map((watch) => (
        <p key={watch.id}>
          Watched: {ruleText(watch)} <EndWatchButton of={watch} />
        </p>
      ))}
    </div>
  )
}

function suggestedTarget(lowest: number | null): string {
  return lowest === null ? '' : (Math.floor(lowest * TARGET_SHARE) / 100).toFixed(2)
}

function watchBody(product_id: number, rule: Rule, target: string) {
  return { product_id, rule, ...(rule === 'target' && { target_cents: Math.round(Number(target) * 100) }) }
}
