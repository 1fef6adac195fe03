/** The names of users, as `sudo -u` takes them. */
import { readFileSync } from 'node:fs'

/** The name of a user by its number; `#999` where /etc/passwd does not know it. */
export function userName(uid: number): string {
  const lines = passwd().split('\n')
  const named = lines.map((line) => line.split(':')).find(([, , id]) => id === String(uid))
  return named?.[0] ?? `#${uid}`
}

function passwd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8')
  } catch {
    // Another system; the number is all there is.
    return ''
  }
}
