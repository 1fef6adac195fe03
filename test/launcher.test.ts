/** The ways to start splitcart, and that it behaves among other programs. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openMachines, PROGRAM, startProgram, until, withoutSettings } from './machines.ts'

const execute = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LAUNCHER = join(ROOT, 'bin', 'splitcart.js')
const OLD_NODE = '/usr/bin/node'
const NO_OLD_NODE = !isOld(OLD_NODE) && `${OLD_NODE} is no node that is too old for us`
const NO_SHELL = process.platform === 'win32' && 'there is no /bin/sh on Windows'

function isOld(node: string): boolean {
  const said = existsSync(node) ? spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout : ''
  return Number(/^v(\d+)/.exec(said)?.[1] ?? 99) < 24
}

test('npx starts splitcart from a checkout', async () => {
  const { stdout } = await execute('npx', ['--no-install', 'splitcart', 'help'], {
    cwd: ROOT,
    shell: process.platform === 'win32',
  })
  assert.match(stdout, /^Usage: splitcart /m)
})

test('the launcher started with a node that is too old finds the one that came with the project', {
  skip: NO_OLD_NODE,
}, async () => {
  const environment = withoutSettings()
  const help = await startProgram([LAUNCHER, 'help'], ROOT, environment, OLD_NODE).ended
  assert.equal(help.code, 0, help.stderr)
  assert.match(help.stdout, /^Usage: splitcart /m)
  const wrong = await startProgram([LAUNCHER, 'upload-data'], ROOT, environment, OLD_NODE).ended
  assert.equal(wrong.code, 2, 'the exit code is passed on')
  assert.match(wrong.stderr, /API_SERVER_URL is required/)
})

test('a server started by the launcher stops when the launcher is asked to', { skip: NO_OLD_NODE }, async () => {
  await using machines = await openMachines()
  const own = { ...withoutSettings(), DATA_MANAGEMENT_DATA_DIR: machines.dataManagement }
  const server = startProgram([LAUNCHER, 'serve', '--port', '0'], machines.path, own, OLD_NODE)
  await until(() => server.printed().includes('Listening on'), 'the server listens')
  server.child.kill('SIGTERM')
  const { code, signal, stderr } = await server.ended
  assert.deepEqual([code, signal], [0, null], stderr)
})

test('a reader that has seen enough ends an export quietly', { skip: NO_SHELL }, async () => {
  await using machines = await openMachines()
  await machines.run(['generate', join(machines.dataManagement, 'product_inbox'), '--companies', '1', '--stores', '1'])
  const loaded = await machines.run(['update-db', '--products'])
  assert.equal(loaded.code, 0, loaded.stderr)
  const command = `"${process.execPath}" "${PROGRAM}" export observations | head -1`
  const env = { ...withoutSettings(), DATA_MANAGEMENT_DATA_DIR: machines.dataManagement }
  const { stdout, stderr } = await execute('/bin/sh', ['-c', command], { cwd: machines.path, env })
  assert.equal(stdout.split('\n').length, 2)
  assert.equal(stderr, '')
})
