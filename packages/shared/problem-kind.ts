/** What the table of problems says about each. */

/** What a sender does with an answer: try again at once with growing pauses, try again slowly, never, or stop the whole run. */
export type Retry = 'soon' | 'slowly' | 'never' | 'stop'

export type Kind = Readonly<{ status: number; retry: Retry; title: string; todo: string }>

/** A line of the table. */
export function kind(status: number, retry: Retry, title: string, todo: string): Kind {
  return { status, retry, title, todo }
}
