/** A route with a request of it, as the lists of `costs` are made of. */
import type { Sizes } from './large-data.ts'

/** What is there to ask for; `held`: the newest held uploads. `tries`: how often this was asked before. */
export type There = Readonly<{
  url: string
  /** A new key with all rights, and that of who has sent everything. */
  key: string
  senderKey: string
  sizes: Sizes
  newest: readonly string[]
  held: readonly string[]
  loaded: readonly string[]
  tries: number
  /** Prepares what is to be asked: it is not measured. */
  ask: <T>(method: string, path: string, body?: object) => Promise<T>
}>

/** A request. `key`: another than the new one. */
export type Exchange = Readonly<{
  path: string
  headers?: Readonly<Record<string, string>>
  body?: object
  bytes?: Uint8Array<ArrayBuffer>
  key?: string
}>

type Preparing = (there: There) => Exchange | Promise<Exchange>

/** A route, and a request of it. `answer`: a status of 400 or more that is an answer, too. */
export type Asked = Readonly<{ route: string; prepare: Preparing; answer: number | undefined }>

/** A request, or the address of one that needs nothing else. */
export function asked(route: string, prepare: Preparing | string, answer?: number): Asked {
  return { route, prepare: typeof prepare === 'string' ? () => ({ path: prepare }) : prepare, answer }
}

/** GETs of these addresses. */
export function gets(route: string, ...paths: readonly (string | Preparing)[]): Asked[] {
  return paths.map((path) => asked(`GET ${route}`, path))
}

/** What the product of very many listings is asked for may be too much for one answer: then that is the answer. */
export function late(route: string, path: string): Asked {
  return asked(`GET ${route}`, path, 503)
}

/** A request with a body. */
export function sends(
  route: string,
  path: (there: There) => string,
  body: (there: There) => object = () => ({}),
): Asked {
  return asked(route, (there) => ({ path: path(there), body: body(there) }))
}
