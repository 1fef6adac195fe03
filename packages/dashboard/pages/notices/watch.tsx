/** The watch button on the page of a product, and the dialog that chooses when a notice is sent. */
import { Button, Radio, TextInput } from '@mantine/core'
import type { ProductAnswer } from '@splitcart/data-management/http/routes/products.ts'
import type { WatchView } from '@splitcart/data-management/http/routes/watches.ts'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { watchesQuery } from '../../api/notice-queries.ts'
import { send } from '../../api/request.ts'
import { useIsAdmin } from '../../api/session.ts'
import { Dialog } from '../../parts/dialog.tsx'
import form from '../../parts/form.module.css'
import { FormEnd } from '../../parts/form-end.tsx'
import { money } from '../../parts/format.ts'
import { UntrustedBlock } from '../../parts/untrusted-text.tsx'
import { EndWatch, ruleText } from './watched.tsx'

type Rule = WatchView['rule']
type Of = Readonly<{ product: Pick<ProductAnswer, 'id' | 'name' | 'now'> }>

const RULES: readonly { rule: Rule; label: string }[] = [
  { rule: 'target', label: 'its lowest price is at or below' },
  { rule: 'low', label: 'it is cheaper than ever before' },
  { rule: 'any', label: 'its lowest price changes at all' },
  { rule: 'stock', label: 'it is sold again after nobody had it' },
]

// The suggested target price is 5% below the current one.
const TARGET_SHARE = 0.95

/** The button, for admins only. */
export function Watch({ product }: Of): ReactNode {
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
      {isOpen && <Choose product={product} own={own} close={() => setOpen(false)} />}
    </>
  )
}

type ChooseProps = Of & Readonly<{ own: readonly WatchView[]; close: () => void }>

function Choose({ product, own, close }: ChooseProps): ReactNode {
  const { id, name, now } = product
  const [rule, setRule] = useState<Rule>('target')
  const [target, setTarget] = useState<string>(targetFor(now.lowest_cents))
  const client = useQueryClient()
  const setting = useMutation({
    mutationFn: () => send('POST', '/api/watches', bodyOf(id, rule, target)),
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
        {own.length > 0 && <Own watches={own} />}
        <When rule={rule} setRule={setRule} target={target} setTarget={setTarget} />
        <FormEnd
          close={close}
          does="Watch"
          isDoing={setting.isPending}
          error={setting.error}
          disabled={rule === 'target' && !(Number(target) > 0)}
        />
      </form>
    </Dialog>
  )
}

type WhenProps = Readonly<{
  rule: Rule
  setRule: (rule: Rule) => void
  target: string
  setTarget: (target: string) => void
}>

function When({ rule, setRule, target, setTarget }: WhenProps): ReactNode {
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

function Own({ watches }: Readonly<{ watches: readonly WatchView[] }>): ReactNode {
  return (
    <div>
      {watches.map((watch) => (
        <p key={watch.id}>
          Watched: {ruleText(watch)} <EndWatch of={watch} />
        </p>
      ))}
    </div>
  )
}

function targetFor(lowest: number | null): string {
  return lowest === null ? '' : (Math.floor(lowest * TARGET_SHARE) / 100).toFixed(2)
}

function bodyOf(product_id: number, rule: Rule, target: string) {
  return { product_id, rule, ...(rule === 'target' && { target_cents: Math.round(Number(target) * 100) }) }
}
