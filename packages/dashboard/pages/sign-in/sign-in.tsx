/** The sign-in page: exchanges a key for a session. */
import { Button, PasswordInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter, useSearch } from '@tanstack/react-router'
import { type FormEvent, type ReactNode, useState } from 'react'
import { ApiError } from '../../api/request.ts'
import { signIn } from '../../api/session.ts'
import { Commands } from '../../parts/commands.tsx'
import { ErrorNotice } from '../../parts/notice.tsx'
import { usePageTitle } from '../../parts/page.tsx'
import style from './sign-in.module.css'

/** The page at /sign-in. */
export function SignIn(): ReactNode {
  usePageTitle('Sign in')
  return (
    <main className={style.main}>
      <h1 className={style.title}>SplitCart</h1>
      <p className={style.lead}>What arrived, what is missing, what is wrong, and what things cost.</p>
      <SignInForm />
      <details className={style.help}>
        <summary>Where do I get a key?</summary>
        <p>
          On the machine of the server, as the user it runs as; from a checkout with npx splitcart. It is shown once.
        </p>
        <Commands lines={['sudo -u splitcart splitcart keys create my-name --scope read']} />
        <p>
          With <code>--scope read,admin</code> you may also release, undo and make keys here.
        </p>
      </details>
    </main>
  )
}

function SignInForm(): ReactNode {
  const client = useQueryClient()
  const router = useRouter()
  const { to } = useSearch({ from: '/sign-in' })
  const [key, setKey] = useState('')
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    try {
      await signIn(client, key.trim())
      router.history.push(sameSiteAddress(to))
    } catch (refusal) {
      setError(refusal)
      setBusy(false)
    }
  }
  const isRefused = error instanceof ApiError && error.problem.status === 401
  return (
    <form className={style.form} onSubmit={submit}>
      <PasswordInput
        label="Key"
        description="One that begins with splitcart_ and may read."
        autoComplete="current-password"
        required
        withAsterisk={false}
        autoFocus
        value={key}
        onChange={({ currentTarget }) => setKey(currentTarget.value)}
        error={
          isRefused
            ? 'This key is not accepted. Look for a typing error; it may also be revoked or expired.'
            : undefined
        }
        visibilityToggleButtonProps={{ 'aria-label': 'Show the key' }}
      />
      <Button type="submit" loading={isBusy}>
        Sign in
      </Button>
      {error !== undefined && !isRefused && <ErrorNotice error={error} />}
    </form>
  )
}

/** The address to open after signing in: always one of this site (no open redirect). */
function sameSiteAddress(to: string | undefined): string {
  const here = 'http://here'
  const address = URL.parse(to ?? '/', here)
  if (address?.origin !== here || address.pathname === '/sign-in') return '/'
  return `${address.pathname}${address.search}`
}
