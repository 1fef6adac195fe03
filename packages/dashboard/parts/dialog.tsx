/** A dialog over the page. When it is closed, the keyboard is again where it was before. */
import { Modal } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'

type Props = Readonly<{
  title: string
  close: () => void
  children: ReactNode
  size?: string
  /** What it shows is seen only once: it is closed by its own button and by nothing else. */
  isOnce?: boolean
}>

// Where the keyboard was before the first of several dialogs that follow one another.
let returnTo: Element | null = null

/** The dialog. */
export function Dialog({ title, close, children, size = 'md', isOnce = false }: Props): ReactNode {
  useReturn()
  return (
    <Modal
      opened
      onClose={close}
      title={title}
      size={size}
      lockScroll={false}
      withCloseButton={!isOnce}
      closeOnClickOutside={!isOnce}
      closeOnEscape={!isOnce}
      returnFocus={false}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {children}
    </Modal>
  )
}

function useReturn(): void {
  useEffect(() => {
    const now = document.activeElement
    if (now !== null && now !== document.body && now.closest('[role=dialog]') === null) returnTo = now
    return () => {
      // Once it is gone, and no other has taken its place.
      setTimeout(() => {
        if (document.querySelector('[role=dialog]') === null && returnTo instanceof HTMLElement) returnTo.focus()
      })
    }
  }, [])
}
