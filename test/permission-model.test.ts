/**
 * Why the server does not run under Node's permission model (docs/security.md). When one of these fails, Node has changed:
 * look at it again.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from './folders.ts'

const WINDOWS = process.platform === 'win32' && 'tried on Linux and macOS only'
const [major = 0] = process.versions.node.split('.').map(Number)

/** Runs code that may read and write in one folder only. */
function confined(folder: string, code: string): string {
  const rights = ['--permission', `--allow-fs-read=${folder}`, `--allow-fs-write=${folder}`]
  const { stdout, stderr } = spawnSync(process.execPath, [...rights, '--input-type=module', '--eval', code], {
    cwd: folder,
    encoding: 'utf8',
  })
  return stdout + stderr
}

test('under the permission model SQLite and links still lead out of the folder', { skip: WINDOWS }, async () => {
  await using at = await temporaryFolder()
  const own = join(at.path, 'own')
  await mkdir(own)
  await symlink('/etc/passwd', join(own, 'link'))
  const refused = confined(own, `import fs from 'node:fs'; fs.readFileSync('/etc/passwd')`)
  assert.match(refused, /ERR_ACCESS_DENIED/, 'what is named is refused')
  const code = `import fs from 'node:fs'; import { DatabaseSync } from 'node:sqlite'
    new DatabaseSync('../outside.db').exec('create table a (b)'); console.log(fs.readFileSync('link', 'utf8').length)`
  assert.match(confined(own, code), /^\d+$/m)
  assert.ok(existsSync(join(at.path, 'outside.db')))
})

test('under the permission model of Node 26 nothing can be synced to disk', {
  skip: WINDOWS || major < 26,
}, async () => {
  await using at = await temporaryFolder()
  const code = `import { open } from 'node:fs/promises'; const file = await open('file', 'w'); await file.sync()`
  assert.match(confined(at.path, code), /fsync API is disabled when Permission Model is enabled/)
})
