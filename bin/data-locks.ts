/** Keeps server and loader off a data folder while a command works on its databases. */
import { join } from 'node:path'
import { SERVE_LOCK, UPDATE_DB_LOCK } from '@splitcart/data-management/lock-names.ts'
import { takeLock } from '@splitcart/shared/lock.ts'

/** Takes the locks of `serve` and `update-db`, or throws `locked`, which says what to stop. */
export function takeDataLocks(dataDir: string): Disposable {
  using stack = new DisposableStack()
  stack.use(takeLock(join(dataDir, SERVE_LOCK), 'stop the server first: splitcart serve'))
  stack.use(takeLock(join(dataDir, UPDATE_DB_LOCK), 'stop update-db first'))
  return stack.move()
}
