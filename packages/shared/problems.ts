/**
 * Every way a transfer can fail: one table, from which come the HTTP answers (RFC 9457), what a sender does about them,
 * the words a person reads, and docs/problems.md.
 */
import { HTTP_PROBLEMS } from './http-problems.ts'
import { LOCAL_PROBLEMS } from './local-problems.ts'
import type { Kind } from './problem-kind.ts'

export const PROBLEMS = { ...HTTP_PROBLEMS, ...LOCAL_PROBLEMS } as const satisfies Record<string, Kind>
