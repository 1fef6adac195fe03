/** The end of a form: the error if submitting failed, and the buttons to cancel and to submit. */
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import style from './form.module.css'
import { ErrorNotice } from './notice.tsx'

type Props = Readonly<{
  close: () => void
  /** Label of the submit button. */
  does: string
  isDoing: boolean
  /** Null: there is no error, or the form shows it elsewhere. */
  error: Error | null
  isGrave?: boolean
  disabled?: boolean
}>

/** The last element of a form. */
export function FormEnd({ close, does, isDoing, error, isGrave = false, disabled = false }: Props): ReactNode {
  return (
    <>
      {error && <ErrorNotice error={error} />}
      <div className={style.buttons}>
        <Button variant="default" onClick={close}>
          Cancel
        </Button>
        <Button type="submit" color={isGrave ? 'red' : 'blue'} loading={isDoing} disabled={disabled}>
          {does}
        </Button>
      </div>
    </>
  )
}
