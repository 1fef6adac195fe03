/** A share whose files cannot be locked: a library in front of the system's makes every lock fail, in the ways that shares do. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openMachines, recordsIn } from './machines.ts'

const SOURCE = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#define WITHOUT_LOCKS(name) int name(int fd, int cmd, ...) { \\
  static int (*real)(int, int, ...); \\
  if (!real) real = dlsym(RTLD_NEXT, #name); \\
  va_list rest; va_start(rest, cmd); void *argument = va_arg(rest, void *); va_end(rest); \\
  if (cmd == F_SETLK || cmd == F_SETLKW || cmd == F_GETLK) { errno = atoi(getenv("LOCK_ERROR")); return -1; } \\
  return real(fd, cmd, argument); }
WITHOUT_LOCKS(fcntl)
WITHOUT_LOCKS(fcntl64)
`

const skip = process.platform !== 'linux' ? 'LD_PRELOAD is of Linux' : compilerMissing()

function compilerMissing(): string | false {
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return 'there is no C compiler here'
  }
}

test('where files cannot be locked, upload-data and doctor say so, and name neither another process nor a database', {
  skip,
}, async () => {
  await using machines = await openMachines()
  const [source, library] = [join(machines.path, 'without-locks.c'), join(machines.path, 'without-locks.so')]
  await writeFile(source, SOURCE)
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl'])
  const settings = { API_SERVER_URL: 'http://127.0.0.1:9', API_SECRET_KEY: 'a-key-of-a-test', LD_PRELOAD: library }
  const errors = (['ENOLCK', 'EACCES', 'EOPNOTSUPP', 'EINVAL', 'EIO'] as const).map((name) => constants.errno[name])
  const runs = errors.map((error) => machines.run(['upload-data'], { ...settings, LOCK_ERROR: String(error) }))
  for (const { code, stderr } of await Promise.all(runs)) {
    assert.equal(code, 1)
    assert.match(stderr, /This file system has no locks: .*product_outbox\/\.lock/)
    assert.doesNotMatch(stderr, /DATABASE_URL|another/i)
  }
  const LOCK_ERROR = String(constants.errno.ENOLCK)
  const findings = recordsIn(await machines.run(['doctor', '--json'], { ...settings, LOCK_ERROR }))
  assert.equal(findings.find(({ check }) => check === 'locks')?.state, 'fail')
  assert.deepEqual(
    (await readdir(join(machines.scraping, 'product_outbox'))).filter((name) => name.includes('probe')),
    [],
  )
})
