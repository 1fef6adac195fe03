/** A modal dialog. When it closes, the keyboard focus returns to where it was before. */
import { Modal } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'

type Props = Readonly<{
  title: string
  close: () => void
  children: ReactNode
  size?: string
  /** Its content is shown only once, so only a button in it closes it: not Escape, not a click outside. */
  isOnce?: boolean
}>

// The element that had the focus before the first of several consecutive dialogs.
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
      // Only after it is gone, and if no other dialog has replaced it.
      setTimeout(() => {
        if (document.querySelector('[role=dialog]') === null && returnTo instanceof HTMLElement) returnTo.focus()
      })
    }
  }, [])
}
