/** The choice of the colour scheme: light, dark, or that of the system. */
import { SegmentedControl, useMantineColorScheme, VisuallyHidden } from '@mantine/core'
import type { ReactNode } from 'react'
import { Icon, type IconName } from '../parts/icon.tsx'
import style from './scheme-switch.module.css'

const SCHEMES: readonly { value: 'light' | 'auto' | 'dark'; label: string; icon: IconName }[] = [
  { value: 'light', label: 'Light', icon: 'sun' },
  { value: 'auto', label: 'As the system', icon: 'screen' },
  { value: 'dark', label: 'Dark', icon: 'moon' },
]

/** Switches the colour scheme; the choice is stored in this browser. */
export function SchemeSwitch(): ReactNode {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <SegmentedControl
      size="xs"
      fullWidth
      aria-label="Colours"
      value={colorScheme}
      onChange={(value) => setColorScheme(value as 'light' | 'auto' | 'dark')}
      data={SCHEMES.map(({ value, label, icon }) => ({
        value,
        label: (
          <span title={label} className={style.choice}>
            <Icon name={icon} size={15} />
            <VisuallyHidden>{label}</VisuallyHidden>
          </span>
        ),
      }))}
    />
  )
}
