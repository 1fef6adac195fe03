/** What is in deploy/ is what systemd understands, and what the documents install. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from './folders.ts'
import { listening, openMachines, type Started, startProgram } from './machines.ts'
import { neededHere } from './needed.ts'

const ROOT = join(import.meta.dirname, '..')
const DEPLOY = join(ROOT, 'deploy')
const EXPOSURE_MAX = 25
const NO_SYSTEMD = neededHere(
  spawnSync('systemd-analyze', ['security', '--help'], { encoding: 'utf8' }).stdout?.includes('--offline') !== true &&
    'there is no systemd-analyze here that knows --offline',
)

const SMALL = ['--companies', '1', '--stores', '1', '--days', '1', '--products', '50']
const NO_UNITS = process.platform === 'win32' && 'Windows has no units'

const UNITS = readdirSync(DEPLOY).filter((name) => /\.(service|timer)$/.test(name))

function textOf(name: string): string {
  return readFileSync(join(DEPLOY, name), 'utf8')
}

/** The units with what is not on this machine put in place: the user. */
function unitsIn(folder: string): string[] {
  for (const name of UNITS) {
    const text = textOf(name).replace(/^User=.*$/m, 'User=daemon')
    writeFileSync(join(folder, name), text)
  }
  return UNITS.map((name) => join(folder, name))
}

test('systemd understands every unit', { skip: NO_SYSTEMD }, async () => {
  await using at = await temporaryFolder()
  for (const unit of unitsIn(at.path)) {
    const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' })
    const said = stderr.split('\n').filter((line) => line.startsWith(at.path))
    assert.deepEqual(said, [], unit)
  }
})

test('systemd finds little that the server could reach', { skip: NO_SYSTEMD }, async () => {
  await using at = await temporaryFolder()
  unitsIn(at.path)
  const args = ['security', '--offline=true', `--threshold=${EXPOSURE_MAX}`, join(at.path, 'splitcart.service')]
  const { status, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' })
  assert.equal(status, 0, stdout)
})

test('the unit of the server confines it to its own folder', () => {
  const unit = textOf('splitcart.service')
  for (const line of [
    'User=splitcart',
    'ProtectSystem=strict',
    'ReadWritePaths=/var/lib/splitcart',
    'NoNewPrivileges=yes',
    'PrivateTmp=yes',
    'CapabilityBoundingSet=',
    'SystemCallFilter=@system-service',
  ])
    assert.match(unit, new RegExp(`^${line}$`, 'm'))
  assert.match(unit, /^MemoryMax=\d+[GM]$/m)
  assert.match(unit, /^LimitNOFILE=\d+$/m)
  assert.doesNotMatch(unit, /KEY|SECRET/, 'others can read a unit')
})

// What systemd gives a service; behind it, for a machine whose node lies elsewhere, that of this test.
const PATH = `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${dirname(process.execPath)}`

/** Starts what a unit starts, in its folder, with nothing of this environment but settings. */
function startUnit(name: string, cwd: string, settings: NodeJS.ProcessEnv, ...more: readonly string[]): Started {
  const command =
    textOf(name)
      .match(/^ExecStart=(.+)$/m)?.[1]
      ?.replaceAll('/opt/splitcart', ROOT) ?? ''
  const [program, ...args] = command.split(' ')
  return startProgram([...args, ...more], cwd, { PATH, HOME: cwd, ...settings }, program)
}

test('what the units start carries a file to the database, whichever Node and npm the system has', {
  skip: NO_UNITS,
}, async () => {
  await using machines = await openMachines()
  const { scraping: SCRAPING_DATA_DIR, dataManagement: DATA_MANAGEMENT_DATA_DIR, path } = machines
  const onServer = { DATA_MANAGEMENT_DATA_DIR, PORT: '0' }
  const key = { SCRAPING_DATA_DIR, API_SECRET_KEY: await machines.key() }
  const groups = [['splitcart.service'], ['fleet/receiver.conf', 'fleet/loader.conf']]
  for (const [index, [front = '', ...others]] of groups.entries()) {
    const server = await listening(startUnit(front, path, onServer, '--host', '127.0.0.1'))
    const started = [server, ...others.map((name) => startUnit(name, path, onServer))]
    await machines.run(['generate', join(SCRAPING_DATA_DIR, 'product_outbox'), ...SMALL, '--seed', `${index}`])
    const settings = { ...key, API_SERVER_URL: server.url }
    const sent = await startUnit('splitcart-upload.service', ROOT, settings, '--wait').ended
    assert.equal(sent.code, 0, sent.stdout + sent.stderr)
    assert.match(sent.stdout, / sent, .* loaded\.$/m)
    for (const { child } of started) child.kill('SIGTERM')
    for (const { ended } of started) assert.equal((await ended).code, 0)
  }
})

test('the unit of the backup makes one, and keeps fourteen', { skip: NO_UNITS }, async () => {
  await using machines = await openMachines()
  await machines.key()
  const folder = join(machines.path, 'backup')
  mkdirSync(folder)
  const unit = textOf('splitcart-backup.service').replaceAll('/var/lib/splitcart/backup', folder)
  const [, command = ''] = unit.match(/^ExecStart=(.+)$/m) ?? []
  const [program, ...args] = command.replaceAll('/opt/splitcart', ROOT).split(' ')
  const environment = { PATH, HOME: machines.path, DATA_MANAGEMENT_DATA_DIR: machines.dataManagement }
  const made = await startProgram(args, machines.path, environment, program).ended
  assert.equal(made.code, 0, made.stderr)
  assert.equal((await machines.names('backup')).length, 2)
  assert.deepEqual(args.slice(-2), ['--keep', '14'])
})

test('the unit of the server does not start without the file that README.md makes for its settings', () => {
  const file = '/etc/splitcart/splitcart.env'
  assert.match(textOf('splitcart.service'), new RegExp(`^AssertPathExists=${file}$`, 'm'))
  assert.doesNotMatch(textOf('splitcart.service'), /DATA_MANAGEMENT_DATA_DIR/, 'commands would not find it there')
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  assert.match(readme, new RegExp(`DATA_MANAGEMENT_DATA_DIR=/var/lib/splitcart/data \\| .*-m 640 .*${file}`))
})

test('README.md or operations.md installs every unit', () => {
  const text = ['README.md', 'docs/operations.md'].map((path) => readFileSync(join(ROOT, path), 'utf8')).join('')
  for (const name of UNITS) assert.ok(text.includes(`deploy/${name})`), name)
})
