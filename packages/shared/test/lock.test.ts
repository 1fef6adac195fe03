/** The lock, between real processes. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/folders.ts'
import { isLocked, takeLock } from '../lock.ts'

const HOLDER = join(import.meta.dirname, 'fixtures/holds-lock.ts')

async function startHolder(path: string): Promise<ChildProcess & AsyncDisposable> {
  const child = spawn(process.execPath, [HOLDER, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  return Object.assign(child, { [Symbol.asyncDispose]: kill })
}

test('a lock that another process holds is refused, and is free once that process is killed', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'outbox.lock')
  await using holder = await startHolder(path)
  assert.equal(holder.exitCode, null)
  const refused = { code: 'locked', message: /another upload-data works here \(lock: .*outbox\.lock\)/ }
  assert.throws(() => takeLock(path, 'another upload-data works here'), refused)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  takeLock(path, 'nobody')[Symbol.dispose]()
})

test('a lock is refused within one process too, and is free once it is let go', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'inbox.lock')
  {
    using _lock = takeLock(path, 'first')
    assert.throws(() => takeLock(path, 'first'), { code: 'locked' })
    assert.throws(() => takeLock(path, 'first'), { code: 'locked' })
  }
  using _again = takeLock(path, 'second')
})

test('whether a lock is held can be looked at, without taking it', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'inbox.lock')
  assert.equal(isLocked(path), false)
  assert.deepEqual(await readdir(at.path), [])
  {
    await using _holder = await startHolder(path)
    assert.equal(isLocked(path), true)
  }
  assert.equal(isLocked(path), false)
  using _lock = takeLock(path, 'free')
  assert.equal(isLocked(path), true)
})

test('a lock leaves nothing but its own file', async () => {
  await using at = await temporaryFolder()
  {
    using _lock = takeLock(join(at.path, 'a.lock'), 'a')
    assert.deepEqual(await readdir(at.path), ['a.lock'])
  }
  assert.deepEqual(await readdir(at.path), ['a.lock'])
})

test('a lock whose file was taken away or replaced is not in its place any more', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'a.lock')
  using lock = takeLock(path, 'a')
  assert.equal(lock.isInPlace(), true)
  await rename(path, `${path}.away`)
  assert.equal(lock.isInPlace(), false)
  using other = takeLock(path, 'a')
  assert.deepEqual([lock.isInPlace(), other.isInPlace()], [false, true])
})

test('a lock that cannot be made for another reason says that reason', async () => {
  await using at = await temporaryFolder()
  assert.throws(() => takeLock(join(at.path, 'missing', 'a.lock'), 'a'), { code: 'machine_refused' })
})
