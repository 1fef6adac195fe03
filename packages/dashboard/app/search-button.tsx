/** The button that opens the global search; Ctrl-K, Command-K, and "/" outside of input fields do so, too. */
import { UnstyledButton } from '@mantine/core'
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react'
import { Icon } from '../parts/icon.tsx'
import style from './shell.module.css'

// Loaded when it is first opened.
const Palette = lazy(async () => ({ default: (await import('./palette/palette.tsx')).Palette }))

/** The button of the global search, and its dialog while it is open. */
export function GlobalSearchButton(): ReactNode {
  const [isOpen, setOpen] = useState(false)
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!isSearchShortcut(event)) return
      event.preventDefault()
      // An open dialog stays: it may show something that is shown only once.
      if (document.querySelector('[role=dialog]') === null) setOpen(true)
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
  return (
    <>
      <UnstyledButton className={style.goTo} aria-keyshortcuts="Control+K /" onClick={() => setOpen(true)}>
        <Icon name="search" size={16} />
        <span>Go to</span>
        <kbd>Ctrl K</kbd>
      </UnstyledButton>
      {isOpen && (
        <Suspense>
          <Palette close={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}

function isSearchShortcut({ key, ctrlKey, metaKey, altKey, target }: KeyboardEvent): boolean {
  if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === 'k') return true
  if (key !== '/' || ctrlKey || metaKey || altKey) return false
  return !(target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]'))
}
