/** What each route is asked for. A route that is in neither list is one that nobody knows the cost of. */
import type { Asked } from './asked.ts'
import { ACCESS, CHANGES } from './changes.ts'
import { READS } from './reads.ts'
import { UPLOADS } from './uploads.ts'

/** All that is asked. */
export const REQUESTS: readonly Asked[] = [...READS, ...UPLOADS, ...CHANGES, ...ACCESS]

const STREAMED = 'it goes on for as long as somebody reads: the first bytes are sent like the last'
const OF_A_FILE = 'it reads a file, not what there is of others; `bombs` and `memory` have large ones'

/** The routes that are not asked for here, and why. */
export const EXCUSED: Readonly<Record<string, string>> = {
  'GET /api/events': STREAMED,
  'GET /api/export/prices': STREAMED,
  'GET /api/export/observations': STREAMED,
  'GET /api/export/names': STREAMED,
  'GET /api/rejects/lines': STREAMED,
  'GET /api/uploads/{id}/content': OF_A_FILE,
  'GET /api/uploads/{id}/repair': OF_A_FILE,
}

/** What is wrong with the lists, compared with the routes that there are, such as `GET /api/uploads/{id}`. */
export function faultsOfLists(routes: readonly string[]): string[] {
  const listed = [...REQUESTS.map(({ route }) => route), ...Object.keys(EXCUSED)]
  return [
    ...routes.filter((route) => !listed.includes(route)).map((route) => `${route} is neither asked for nor excused`),
    ...[...new Set(listed)].filter((route) => !routes.includes(route)).map((route) => `there is no ${route}`),
    ...REQUESTS.filter(({ route }) => Object.hasOwn(EXCUSED, route)).map(({ route }) => `${route} is both`),
  ]
}

/** The routes of a description of the API. */
export function routesIn(description: Readonly<{ paths: Readonly<Record<string, object>> }>): string[] {
  return Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
}
