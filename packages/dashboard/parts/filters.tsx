/** Filters of a list. They live in the URL: a reload, a bookmark and a link keep them. */
import { NativeSelect, TextInput } from '@mantine/core'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import style from './filters.module.css'
import { Icon } from './icon.tsx'

const TYPING_MS = 200

/** The row in which filters stand. */
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
  /** In one line with others, its name within it. */
  isSmall?: boolean
}>

/** Words to search for; taken over when the typing pauses. */
export function TextFilter({ label, value, onChange, placeholder, autoFocus = false, isSmall }: TextProps): ReactNode {
  const [typed, setTyped] = useState(value)
  const told = useRef(value)
  useEffect(() => {
    // Another page of the history, or a link, has changed it.
    if (value === told.current) return
    told.current = value
    setTyped(value)
  }, [value])
  useEffect(() => {
    if (typed.trim() === told.current) return
    const timer = setTimeout(() => {
      told.current = typed.trim()
      onChange(told.current === '' ? undefined : told.current)
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

/** One of a few values, or all. A value that is not among them, from an old link, is shown too. */
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
