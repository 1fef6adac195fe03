/** A modal dialog. When it closes, the keyboard focus returns to where it was before. */
import { Modal } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'

type Props = Readonly<{
  title: string
  close: () => void
  children: ReactNode
  size?: string
  /** It shows a secret that is shown only once: it is closed only by its button, not by Escape or a click outside. */
  isOnce?: boolean
}>

// The element that had the focus before the first of several consecutive dialogs.
let focusedBefore: Element | null = null

/** A modal dialog with a title. */
export function Dialog({ title, close, children, size = 'md', isOnce = false }: Props): ReactNode {
  useFocusReturn()
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

function useFocusReturn(): void {
  useEffect(() => {
    const now = document.activeElement
    if (now !== null && now !== document.body && now.closest('[role=dialog]') === null) focusedBefore = now
    return () => {
      // Runs after the dialog is removed, unless another dialog has replaced it.
      setTimeout(() => {
        if (document.querySelector('[role=dialog]') === null && focusedBefore instanceof HTMLElement)
          focusedBefore.focus()
      })
    }
  }, [])
}
