/** The query interface of both databases, in SQL that both know. Values replace `?` in order, or `?1`, `?2` …. */
import type { Record } from './sqlite.ts'

/** A parameter of a statement. */
export type Value = string | number | bigint | null | Uint8Array

/** SQLite returns the value at once, PostgreSQL a promise of it. */
export type MaybePromise<T> = T | Promise<T>

/** Runs statements in a database, or in an open transaction of it. */
export type Sql = Readonly<{
  dialect: 'sqlite' | 'postgres'
  /** Runs a statement and tells how many records it changed. */
  run: (sql: string, ...values: Value[]) => MaybePromise<number>
  /** The first record, or undefined. */
  get: <T = Record>(sql: string, ...values: Value[]) => MaybePromise<T | undefined>
  /** All records at once: only for results that are known to be small. */
  all: <T = Record>(sql: string, ...values: Value[]) => MaybePromise<T[]>
  /** Records one by one, for results of any size. */
  each: <T = Record>(sql: string, ...values: Value[]) => Iterable<T> | AsyncIterable<T>
}>
