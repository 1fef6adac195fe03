/** Where commands find their settings, whose files they trust, and that no value of them is shown. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { readSettings } from '@splitcart/shared/settings.ts'
import { describeSearch, findSettingsFiles, mergeEnvironment, settingsFilePaths } from '../bin/settings-files.ts'
import { temporaryFolder } from './folders.ts'
import { PROGRAM } from './machines.ts'

const KEY = 'splitcart_0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL'
const NO_OWNERS = process.getuid?.() !== 0 && 'only root can give a file to another user'
const STRANGER = 65534

/** Runs a command in a folder, with an environment that holds no setting. */
function run(cwd: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const { PATH, TMPDIR } = process.env
  const env = { PATH, TMPDIR, HOME: cwd, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...environment }
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], { cwd, env, encoding: 'utf8' })
  return { code: status, stdout, stderr }
}

test('each system has its own place for the settings of a user, and all but Windows one for the machine', () => {
  const paths = (platform: string, environment: Record<string, string>, home: string) =>
    settingsFilePaths(platform, environment, home)
      .slice(1)
      .map(({ path }) => path)
  const machine = '/etc/splitcart/splitcart.env'
  assert.deepEqual(paths('linux', {}, '/home/ada'), ['/home/ada/.config/splitcart/splitcart.env', machine])
  assert.deepEqual(paths('linux', { XDG_CONFIG_HOME: '/cfg' }, '/home/ada'), ['/cfg/splitcart/splitcart.env', machine])
  assert.deepEqual(paths('darwin', {}, '/Users/ada'), [
    '/Users/ada/Library/Application Support/splitcart/splitcart.env',
    machine,
  ])
  const roaming = 'C:\\Users\\Ada\\AppData\\Roaming'
  assert.deepEqual(paths('win32', { APPDATA: roaming }, 'C:\\Users\\Ada'), [`${roaming}\\splitcart\\splitcart.env`])
})

test('what stands nearer counts: environment, working directory, user, machine; each setting by itself', async () => {
  await using at = await temporaryFolder()
  const places = (['.env', 'user file', 'system file'] as const).map((from) => ({ from, path: join(at.path, from) }))
  const [here, user, system] = places.map(({ path }) => path) as [string, string, string]
  writeFileSync(here, 'HOST=here\n')
  writeFileSync(user, 'HOST=user\nPORT=2\n')
  writeFileSync(system, 'HOST=system\nPORT=3\nLOG_LEVEL=warn\nAPI_SERVER_URL=https://system\n')
  const found = findSettingsFiles(places)
  const given = mergeEnvironment(found, { API_SERVER_URL: '', https_proxy: 'proxy:1' })
  assert.deepEqual(
    [given.HOST, given.PORT, given.LOG_LEVEL, given.API_SERVER_URL, given.HTTPS_PROXY],
    ['here', '2', 'warn', '', 'proxy:1'],
  )
  assert.equal(describeSearch(found), `the environment, ${here}, ${user}, ${system}`)
})

test('the file in the user’s configuration folder is found from any folder, and doctor and status name it', async () => {
  await using at = await temporaryFolder()
  const file = join(at.path, 'cfg', 'splitcart', 'splitcart.env')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `SCRAPING_DATA_DIR=${join(at.path, 'scrapes')}\n`)
  mkdirSync(join(at.path, 'scrapes', 'product_outbox'), { recursive: true })
  const environment = { XDG_CONFIG_HOME: join(at.path, 'cfg') }
  const status = run(at.path, ['status'], environment)
  assert.equal(status.code, 0, status.stderr)
  assert.ok(status.stdout.includes(`scraping (${join(at.path, 'scrapes')})`), status.stdout)
  assert.ok(status.stdout.includes(`settings: the environment, ${file}`), status.stdout)
  assert.ok(run(at.path, ['doctor'], environment).stdout.includes(`all can be read, from the environment, ${file}`))
  const flags = ['upload-data', '--dry-run', '--verbose']
  const { stderr } = run(at.path, flags, { ...environment, LOG_LEVEL: 'warn' })
  assert.match(stderr, /^settings: looked for in the environment, /)
  for (const origin of ['SCRAPING_DATA_DIR is set by the user file', 'LOG_LEVEL is set by the environment'])
    assert.ok(stderr.includes(`\nsettings: ${origin}\n`), stderr)
})

test('a fault in .env ends every command with its line, in doctor too, and no value is shown', async () => {
  await using at = await temporaryFolder()
  const own = 'a-key-of-ones-own-form'
  writeFileSync(join(at.path, '.env'), `API_SERVER_URL=http://127.0.0.1:8000 API_SECRET_KEY=${own}\n`)
  for (const args of [
    ['upload-data'],
    ['upload-data', '--json'],
    ['holds', 'list'],
    ['status'],
    ['doctor'],
    ['serve'],
  ]) {
    const { code, stdout, stderr } = run(at.path, args)
    assert.equal(code, args[0] === 'doctor' ? 1 : 2, args.join(' '))
    assert.match(stdout + stderr, /\.env, line 1: two settings stand in one line; put API_SECRET_KEY/, args.join(' '))
    assert.ok(!(stdout + stderr).includes(own), args.join(' '))
  }
  const inOne = { API_SERVER_URL: `http://127.0.0.1:8000 API_SECRET_KEY=${own}` }
  await using elsewhere = await temporaryFolder()
  const { stderr } = run(elsewhere.path, ['upload-data'], inOne)
  assert.match(stderr, /API_SERVER_URL: expected .* API_SECRET_KEY=…/)
  assert.ok(!stderr.includes(own))
})

test('.env.txt and a typing error are told to whoever misses the setting', async () => {
  await using at = await temporaryFolder()
  writeFileSync(join(at.path, '.env.txt'), `API_SERVER_URL=https://x\n`)
  const misnamed = run(at.path, ['upload-data'])
  assert.equal(misnamed.code, 2)
  assert.match(misnamed.stderr, /note: .*\.env\.txt is not read; the name of the file is \.env\n/)
  assert.match(misnamed.stderr, /API_SERVER_URL is required[\s\S]*looked for in the environment, .*\.env \(not there\)/)
  writeFileSync(join(at.path, '.env'), `API_SERVER_ULR=https://x\nAPI_SECRET_KEY=${KEY}\n`, { mode: 0o600 })
  const mistyped = run(at.path, ['upload-data'])
  assert.match(
    mistyped.stderr,
    /note: \.env, line 1: API_SERVER_ULR is no setting of splitcart; is API_SERVER_URL meant\?/,
  )
  assert.match(run(at.path, ['doctor']).stdout, /warn {2}settings {4}\.env, line 1: API_SERVER_ULR/)
})

test('a key is shown in no message, wherever it was put by mistake', async () => {
  await using at = await temporaryFolder()
  for (const args of [
    ['upload-data', KEY],
    ['upload-data', `--${KEY}`],
    ['upload-data', '--api-server-url', `http://127.0.0.1:8000 API_SECRET_KEY=${KEY}`],
    ['upload-data', '--json', '--api-server-url', KEY],
    ['backup', join(at.path, KEY, 'x')],
    ['keys', 'revoke', KEY],
  ]) {
    const { code, stdout, stderr } = run(at.path, args, { API_SECRET_KEY: 'another-key' })
    assert.notEqual(code, 0)
    assert.ok(!(stdout + stderr).includes(KEY.slice(11)), `${args.join(' ')}: ${stdout}${stderr}`)
  }
})

test('a .env of another user, or one that others may write to, is refused with the remedy; root’s is taken', {
  skip: NO_OWNERS,
}, async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, '.env')
  // Root’s data come from it: whoever wrote it could send them anywhere, and run his code.
  writeFileSync(path, 'NODE_OPTIONS=--require=/nowhere.cjs\nSCRAPING_DATA_DIR=elsewhere\n')
  assert.match(run(at.path, ['status']).stdout, /scraping \(elsewhere\)/)
  for (const mode of [0o602, 0o620]) {
    chmodSync(path, mode)
    const { code, stderr } = run(at.path, ['status'])
    assert.equal(code, 2)
    assert.match(stderr, /others may write to \.env; run: chmod go-w \.env\n/)
  }
  chmodSync(path, 0o644)
  chownSync(path, STRANGER, STRANGER)
  for (const other of [at.path, await linkTo(path, at.path)]) {
    const { code, stdout, stderr } = run(other, ['status'])
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /\.env belongs to the user nobody, not to root.*sudo -u nobody splitcart …/)
  }
})

async function linkTo(path: string, folder: string): Promise<string> {
  const other = join(folder, 'other')
  mkdirSync(other)
  symlinkSync(path, join(other, '.env'))
  return other
}

test('a .env that this user may not read is said to be just that', { skip: NO_OWNERS }, async () => {
  await using at = await temporaryFolder()
  chmodSync(at.path, 0o755)
  writeFileSync(join(at.path, '.env'), `API_SECRET_KEY=${KEY}\n`, { mode: 0o600 })
  const env = { PATH: process.env.PATH, HOME: at.path }
  const options = { cwd: at.path, env, encoding: 'utf8', uid: STRANGER, gid: STRANGER } as const
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, 'salvage'], options)
  assert.equal(status, 2)
  assert.match(stderr, /\.env cannot be read: this user may not \(EACCES/)
})

test('a leading ~ is the home of the user; what only a shell replaces is refused, in every path', () => {
  const settings = readSettings({ SCRAPING_DATA_DIR: '~/scrapes', DATABASE_URL: 'sqlite:~/c.db', TLS_CERT: '~' })
  assert.equal(settings.SCRAPING_DATA_DIR, `${homedir()}/scrapes`)
  assert.equal(settings.DATABASE_URL, `sqlite:${homedir()}/c.db`)
  assert.equal(settings.TLS_CERT, homedir())
  for (const value of ['~ada/scrapes', '%USERPROFILE%\\scrapes', '$HOME/scrapes', `$${'{HOME}'}/scrapes`, 'C:\\%X%\\y'])
    for (const name of [
      'SCRAPING_DATA_DIR',
      'DATA_MANAGEMENT_DATA_DIR',
      'API_SECRET_KEY_FILE',
      'API_SERVER_CA',
      'TLS_KEY',
    ])
      assert.throws(() => readSettings({ [name]: value }), /expected a (whole )?path; /, `${name}=${value}`)
  for (const value of ['/data/100%/x', '/data/50% off 100%', 'a~b', 'C:\\x~1'])
    assert.equal(readSettings({ SCRAPING_DATA_DIR: value }).SCRAPING_DATA_DIR, value)
})
