/** The end of a form: the error if submitting failed, and the buttons to cancel and to submit. */
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import style from './form.module.css'
import { ErrorNotice } from './notice.tsx'

type Props = Readonly<{
  close: () => void
  /** Label of the submit button. */
  label: string
  isBusy: boolean
  /** Null: there is no error, or the form shows it elsewhere. */
  error: Error | null
  isDanger?: boolean
  disabled?: boolean
}>

/** The error, a Cancel button, and the submit button. */
export function FormButtons({ close, label, isBusy, error, isDanger = false, disabled = false }: Props): ReactNode {
  return (
    <>
      {error && <ErrorNotice error={error} />}
      <div className={style.buttons}>
        <Button variant="default" onClick={close}>
          Cancel
        </Button>
        <Button type="submit" color={isDanger ? 'red' : 'blue'} loading={isBusy} disabled={disabled}>
          {label}
        </Button>
      </div>
    </>
  )
}
