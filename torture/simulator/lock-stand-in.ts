/** `shared/lock.ts` for the simulator: a lock of the kernel belongs to real processes; here each machine has one sender and one loader. */

/** Takes nothing. */
export function takeLock(): Disposable {
  return { [Symbol.dispose]: () => {} }
}

/** Nobody asks here whether a loader runs. */
export function isLocked(): boolean {
  return false
}
