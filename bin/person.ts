/** Who types, as the audit names them. */
import { hostname, userInfo } from 'node:os'

/** `user@machine` */
export function person(): string {
  return `${userInfo().username}@${hostname()}`
}
