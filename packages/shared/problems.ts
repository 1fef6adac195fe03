/**
 * Every way a transfer can fail: one table that defines the HTTP responses (RFC 9457), the sender's reactions, the
 * messages for people, and docs/problems.md.
 */
import { HTTP_PROBLEMS } from './http-problems.ts'
import { LOCAL_PROBLEMS } from './local-problems.ts'
import type { ProblemKind } from './problem-kind.ts'

export const PROBLEMS = { ...HTTP_PROBLEMS, ...LOCAL_PROBLEMS } as const satisfies Record<string, ProblemKind>
