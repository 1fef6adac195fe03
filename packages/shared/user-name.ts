/** The names of users, as `sudo -u` takes them. */
import { readFileSync } from 'node:fs'

/** The name of a user id; `#999` if /etc/passwd does not have it. */
export function userName(uid: number): string {
  const lines = readPasswd().split('\n')
  const named = lines.map((line) => line.split(':')).find(([, , id]) => id === String(uid))
  return named?.[0] ?? `#${uid}`
}

function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8')
  } catch {
    // The system has no /etc/passwd.
    return ''
  }
}
