/** Filters of a list. Their values are in the URL, so that reloads, bookmarks and links keep them. */
import { NativeSelect, TextInput } from '@mantine/core'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import style from './filters.module.css'
import { Icon } from './icon.tsx'

const TYPING_MS = 200

/** A row of filters above a list. */
export function Filters({ children }: Readonly<{ children: ReactNode }>): ReactNode {
  return (
    <search className={style.filters} aria-label="Filters">
      {children}
    </search>
  )
}

type TextProps = Readonly<{
  label: string
  value: string
  onChange: (value: string | undefined) => void
  placeholder?: string
  autoFocus?: boolean
  /** Small, with the label as placeholder inside the field. */
  isSmall?: boolean
}>

/** A text field for search words; applied when typing pauses for `TYPING_MS`. */
export function TextFilter({ label, value, onChange, placeholder, autoFocus = false, isSmall }: TextProps): ReactNode {
  const [typed, setTyped] = useState(value)
  const applied = useRef(value)
  useEffect(() => {
    // The value may change from outside, by browser history or a link.
    if (value === applied.current) return
    applied.current = value
    setTyped(value)
  }, [value])
  useEffect(() => {
    if (typed.trim() === applied.current) return
    const timer = setTimeout(() => {
      applied.current = typed.trim()
      onChange(applied.current === '' ? undefined : applied.current)
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed, onChange])
  return (
    <TextInput
      type="search"
      {...(isSmall ? { size: 'xs', 'aria-label': label } : { className: style.text, label })}
      placeholder={isSmall ? label : placeholder}
      autoFocus={autoFocus}
      maxLength={200}
      leftSection={<Icon name="search" size={16} />}
      value={typed}
      onChange={({ currentTarget }) => setTyped(currentTarget.value)}
    />
  )
}

type ChoiceProps<T extends string> = Readonly<{
  label: string
  all: string
  values: readonly T[]
  value: T | undefined
  onChange: (value: T | undefined) => void
}>

/** A choice of one of a few values, or all. An unknown value, such as from an old link, is shown as well. */
export function ChoiceFilter<T extends string>({ label, all, values, value, onChange }: ChoiceProps<T>): ReactNode {
  const shown = value === undefined || values.includes(value) ? values : [...values, value]
  return (
    <NativeSelect
      className={style.choice}
      label={label}
      value={value ?? ''}
      onChange={({ currentTarget }) => onChange((currentTarget.value || undefined) as T | undefined)}
      data={[{ value: '', label: all }, ...shown.map((each) => ({ value: each, label: each }))]}
    />
  )
}
