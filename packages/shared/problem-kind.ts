/** The type of an entry in the table of problems. */

/** How a sender reacts: retry soon with growing pauses, retry slowly, never retry this file, or stop the whole run. */
export type Retry = 'soon' | 'slowly' | 'never' | 'stop'

export type ProblemKind = Readonly<{ status: number; retry: Retry; title: string; todo: string }>

/** Makes an entry of the table. `status`: of HTTP, 0 for local problems; `todo`: what the user can do. */
export function kind(status: number, retry: Retry, title: string, todo: string): ProblemKind {
  return { status, retry, title, todo }
}
