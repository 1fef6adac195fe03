/** Runs `update-db` as a child of `serve`: SQLite is synchronous, and would block the process that answers HTTP. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { isLoadedKind } from '@splitcart/shared/kinds.ts'
import type { Log } from '@splitcart/shared/log.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import { EXIT } from './exit-codes.ts'
import { ownCommand } from './own-command.ts'

const RESTART_MS_MIN = 500
const RESTART_MS_MAX = 30_000
// After a run of this length the restart delay is reset to its minimum.
const STABLE_MS_MIN = 60_000
const STOP_MS_MAX = 8_000

/** Keeps `update-db --watch` running until the signal aborts, starting it again whenever it ends. */
export async function keepLoaderRunning(settings: Settings, log: Log, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    const startedAt = performance.now()
    const child = startLoader(settings)
    const code = await exitCodeWhenEnded(child, signal)
    if (signal.aborted) return
    failures = performance.now() - startedAt > STABLE_MS_MIN ? 1 : failures + 1
    const pauseMs = Math.min(RESTART_MS_MIN * 2 ** failures, RESTART_MS_MAX)
    // Another loader has the lock: one is enough, and when it ends this one takes over.
    if (code === EXIT.locked) log.info({ pauseMs }, 'another update-db is at work')
    else log.error({ code, pauseMs }, 'update-db ended and is started again')
    await sleep(pauseMs, undefined, { signal }).catch(() => {})
  }
}

function startLoader(settings: Settings): ChildProcess {
  const kinds = settings.KINDS.filter(isLoadedKind).map((kind) => `--${kind}`)
  const [program, ...own] = ownCommand()
  const args = [...own, 'update-db', ...kinds, '--watch', '--until-input-ends', '--quiet']
  // The loader needs no key. An empty value, since an unset one could be set by `.env`.
  const environment = { ...process.env, ...loaderEnvironment(settings), API_SECRET_KEY: '', API_SECRET_KEY_FILE: '' }
  // The child ends when its standard input does, also if this process is killed.
  return spawn(program, args, { stdio: ['pipe', 'ignore', 'inherit'], env: environment })
}

/** Settings that may come from flags, passed to the child as environment. */
function loaderEnvironment(settings: Settings): Record<string, string> {
  const { DATA_MANAGEMENT_DATA_DIR, DATABASE_URL, KINDS, LOG_LEVEL } = settings
  return {
    DATA_MANAGEMENT_DATA_DIR,
    LOG_LEVEL,
    KINDS: KINDS.join(','),
    ...(DATABASE_URL === undefined ? {} : { DATABASE_URL }),
  }
}

async function exitCodeWhenEnded(child: ChildProcess, signal: AbortSignal): Promise<number | null> {
  const stop = () => {
    child.stdin?.end()
    setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX).unref()
  }
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  const [code] = await once(child, 'exit')
  signal.removeEventListener('abort', stop)
  return code
}
