/** The field that asks for the user's key again: a session alone may not create keys. */
import { PasswordInput } from '@mantine/core'
import type { ReactNode } from 'react'
import { ApiError } from '../../api/request.ts'

type Props = Readonly<{ value: string; change: (key: string) => void; error: Error | null }>

/** The password field; shows the error if the key is refused. */
export function OwnKeyField({ value, change, error }: Props): ReactNode {
  return (
    <PasswordInput
      label="Your own key, once more"
      description="The one you sign in with: whoever finds this page open makes no keys with it."
      autoComplete="current-password"
      required
      withAsterisk={false}
      value={value}
      onChange={({ currentTarget }) => change(currentTarget.value.trim())}
      error={isKeyRefused(error) ? 'This key is not accepted. Look for a typing error.' : undefined}
      visibilityToggleButtonProps={{ 'aria-label': 'Show your key' }}
    />
  )
}

/** The error, unless it is a refused key, which the field itself shows. */
export function unlessKeyRefused(error: Error | null): Error | null {
  return isKeyRefused(error) ? null : error
}

function isKeyRefused(error: Error | null): boolean {
  return error instanceof ApiError && error.problem.code === 'key_refused'
}
