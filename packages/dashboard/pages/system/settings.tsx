/** The settings in force, and the source of each. */
import { Checkbox } from '@mantine/core'
import type { SettingView } from '@splitcart/data-management/http/routes/system-schema.ts'
import { type ReactNode, useState } from 'react'
import { Panel } from '../../parts/page.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import style from './settings.module.css'

/** The table of settings, without the values of secrets. */
export function SettingsTable({ settings }: Readonly<{ settings: readonly SettingView[] }>): ReactNode {
  const [all, showAll] = useState(false)
  const shown = settings.filter(({ from }) => all || (from !== 'default' && from !== 'nowhere'))
  const choice = (
    <Checkbox
      size="xs"
      label="also those at their defaults"
      checked={all}
      onChange={({ currentTarget }) => showAll(currentTarget.checked)}
    />
  )
  return (
    <Panel title="Settings in force" note={choice}>
      {shown.length === 0 ? (
        <p className={style.none}>Everything is at its default.</p>
      ) : (
        <ul className={style.settings}>
          {shown.map(({ name, value, is_secret, from, about }) => (
            <li key={name} className={style.setting}>
              <code className={style.name}>{name}</code>
              <span className={style.value}>
                {is_secret && value !== null ? 'set, and secret' : <UntrustedText text={value ?? 'not set'} />}
              </span>
              <span className={style.from}>{from === 'nowhere' ? '' : from}</span>
              <span className={style.about}>{about}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
