/**
 * Where a house rule is broken on purpose, and why. An exception that is no longer needed is a fault itself, so this
 * list only grows by decision.
 */

/** `rule`, `path` and `subject` are those of the fault; see the brackets that end each fault `npm run check` prints. */
export type Exception = Readonly<{ rule: string; path: string; subject: string; reason: string }>

export const EXCEPTIONS: readonly Exception[] = []
