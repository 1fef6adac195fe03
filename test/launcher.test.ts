/** The ways to start splitcart, and that it behaves among other programs. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder } from './folders.ts'
import { openMachines, PROGRAM, startProgram, until, withoutSettings } from './machines.ts'

const execute = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LAUNCHER = join(ROOT, 'bin', 'splitcart.js')
const NODE_LAUNCHER = join(ROOT, 'bin', 'node.js')
const PINNED_NODE = new URL('../bin/pinned-node.js', import.meta.url)
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

test('a node that is too old runs any program on the one that came with the project, and ends as it does', {
  skip: NO_OLD_NODE,
}, async () => {
  const { pinnedNode } = await import(PINNED_NODE.href)
  const node = await startProgram([NODE_LAUNCHER, '-p', 'process.execPath'], ROOT, process.env, OLD_NODE).ended
  assert.equal(node.stdout.trim(), pinnedNode(), node.stderr)
  const ended = async (code: string) => {
    const { code: status, signal } = await startProgram([NODE_LAUNCHER, '-e', code], ROOT, process.env, OLD_NODE).ended
    return status ?? signal
  }
  assert.equal(await ended('process.exitCode = 7'), 7)
  assert.equal(await ended("process.kill(process.pid, 'SIGTERM')"), 'SIGTERM')
})

test('the node of every system lies in its package where it is looked for', async () => {
  const { PROGRAMS } = await import(PINNED_NODE.href)
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  const { optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const places = Object.keys(optionalDependencies).map((name) => {
    const { os, cpu, bin } = packages[`node_modules/${name}`]
    return [`${os}-${cpu}`, `${name}/${bin.node}`]
  })
  assert.deepEqual(PROGRAMS, Object.fromEntries(places))
})

test('the launcher starts by a link in another folder', { skip: NO_OLD_NODE }, async () => {
  await using at = await temporaryFolder()
  const link = join(at.path, 'splitcart')
  await symlink(LAUNCHER, link)
  const { stdout } = await execute(link, ['help'], { cwd: at.path, env: { ...process.env, PATH: dirname(OLD_NODE) } })
  assert.match(stdout, /^Usage: splitcart /m)
})

test('the launcher says in words that there is no node for it, and that the one that came does not run here', {
  skip: NO_OLD_NODE,
}, async () => {
  await using at = await temporaryFolder()
  await cp(dirname(LAUNCHER), join(at.path, 'bin'), { recursive: true })
  await writeFile(join(at.path, 'package.json'), '{"type": "module"}')
  const launcher = join(at.path, 'bin', 'splitcart.js')
  const { PROGRAMS } = await import(PINNED_NODE.href)
  const program = join(at.path, 'node_modules', PROGRAMS[`${process.platform}-${process.arch}`])
  for (const why of [
    'no newer one came with the project',
    'the one that came with the project does not run here (EACCES)',
  ]) {
    const { code, stderr } = await startProgram([launcher, 'help'], at.path, process.env, OLD_NODE).ended
    assert.equal(code, 2)
    assert.match(stderr, /^splitcart needs Node [\d.]+ or newer; this is v[\d.]+, and [^\n]+\.\n[^\n]+\n$/)
    assert.ok(stderr.includes(why), stderr)
    await mkdir(dirname(program), { recursive: true })
    await writeFile(program, '', { mode: 0o644 })
  }
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
