/** Names of user and machine, as recorded in the audit. */
import { hostname, userInfo } from 'node:os'

/** The name of this machine. */
export function machineName(): string {
  return hostname()
}

/** `user@machine` */
export function operatorName(): string {
  return `${userName()}@${hostname()}`
}

// In a container, the user id may have no name.
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.geteuid?.() ?? 'somebody')
  }
}
