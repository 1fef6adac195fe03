/** The end of a form: why it could not be done, a way back, and the button that does it. */
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import style from './form.module.css'
import { Trouble } from './notice.tsx'

type Props = Readonly<{
  close: () => void
  /** What the button says. */
  does: string
  isDoing: boolean
  /** Null: nothing went wrong, or it is said elsewhere in the form. */
  error: Error | null
  isGrave?: boolean
  disabled?: boolean
}>

/** It stands last in its form. */
export function FormEnd({ close, does, isDoing, error, isGrave = false, disabled = false }: Props): ReactNode {
  return (
    <>
      {error && <Trouble error={error} />}
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
