/**
 * A place where mounting does no harm: the campaign runs in mounts and processes of its own, which the kernel takes away when it
 * ends, however it ends. What it writes lies in one folder, which is removed then.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MARK = 'SPLITCART_OWN_MOUNTS'
export const OWN_MOUNTS: readonly string[] = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc']

/** Why nothing can be mounted here; false when it can. */
export function mountsMissing(): string | false {
  if (process.platform !== 'linux') return 'file systems are mounted on Linux only'
  if (process.getuid?.() !== 0) return 'only root may mount file systems'
  try {
    execFileSync('unshare', [...OWN_MOUNTS, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' })
    return false
  } catch {
    return 'this machine lets nobody mount file systems'
  }
}

/** Whether this process was started by `inOwnMounts`. */
export function hasOwnMounts(): boolean {
  return process.env[MARK] === 'yes'
}

/** Runs a script of this project in mounts of its own, and in what else `more` says of it to `unshare`; returns its exit code. */
export async function inOwnMounts(
  script: string,
  args: readonly string[],
  more: readonly string[] = [],
  marks: NodeJS.ProcessEnv = {},
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'splitcart-mounts-'))
  // PostgreSQL does not run as root, and has its files in there.
  await chmod(folder, 0o711)
  const env = { ...process.env, ...marks, [MARK]: 'yes', TMPDIR: folder }
  const child = spawn('unshare', [...OWN_MOUNTS, ...more, process.execPath, script, ...args], { env, stdio: 'inherit' })
  const stop = () => void child.kill('SIGKILL')
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
  try {
    const [code] = await once(child, 'exit')
    return code ?? 1
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}
