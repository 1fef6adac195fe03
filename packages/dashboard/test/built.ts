/** The page, built: once for all tests that need it, also when several of them start at once. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { takeLock } from '@splitcart/shared/lock.ts'
import { Problem } from '@splitcart/shared/problem.ts'

const ROOT = join(import.meta.dirname, '../../..')
const DASHBOARD = join(ROOT, 'packages/dashboard')
const LOCK = join(ROOT, 'node_modules', '.page-building')
const WAIT_MS = 100

/** Where the built page lies. */
export const DIST = join(DASHBOARD, 'dist')

// Every build empties the folder: what somebody built by hand since then is not taken for ours.
const STAMP = join(DIST, '.built-from')

/** Builds the page unless what is there was built from these very sources. */
export async function buildPage(): Promise<void> {
  using _lock = await lockWhenFree()
  const stamp = stampOf(sources())
  if (isThere(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js')
  await promisify(execFile)(process.execPath, [vite, 'build', DASHBOARD, '--logLevel', 'warn'], { cwd: ROOT })
  writeFileSync(STAMP, stamp)
}

async function lockWhenFree(): Promise<Disposable> {
  for (;;) {
    try {
      return takeLock(LOCK, 'another test builds the page')
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      await sleep(WAIT_MS)
    }
  }
}

function sources(): string[] {
  const found = globSync('**/*.{ts,tsx,css,html,svg,json}', {
    cwd: DASHBOARD,
    exclude: ['dist/**', 'test/**', 'node_modules/**'],
  })
  return [...found.sort().map((name) => join(DASHBOARD, name)), join(ROOT, 'package-lock.json')]
}

function stampOf(paths: readonly string[]): string {
  const hash = createHash('sha256')
  for (const path of paths) hash.update(path).update('\0').update(readFileSync(path)).update('\0')
  return hash.digest('hex')
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
