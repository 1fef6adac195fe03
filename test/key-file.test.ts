/** Where a key comes from: the environment, a private file or standard input, and who gets to see it. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, chown, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readKeyFile } from '../bin/key-file.ts'
import { createKeyWatcher } from '../bin/key-watcher.ts'
import { temporaryFolder } from './folders.ts'
import { openMachines, PROGRAM, until, withoutSettings } from './machines.ts'
import { childrenOf, NO_PROC } from './processes.ts'

const KEY = 'a-key-that-no-server-has-given'
const NO_MODES = process.platform === 'win32' && 'Windows has no modes'

test('a key that was exchanged in .env or in its file is found; one of the environment stays what it is', async () => {
  await using at = await temporaryFolder()
  const before = process.cwd()
  process.chdir(at.path)
  try {
    await writeFile('.env', `API_SECRET_KEY=${KEY}\n`)
    const inEnv = createKeyWatcher(KEY, {})
    assert.equal(inEnv(), undefined)
    await writeFile('.env', 'API_SECRET_KEY=another\n')
    assert.deepEqual([inEnv(), inEnv()], ['another', undefined])
    const ofEnvironment = createKeyWatcher(KEY, { API_SECRET_KEY: KEY })
    await writeFile('.env', 'API_SECRET_KEY=a-third\n')
    assert.equal(ofEnvironment(), undefined)
    await rm('.env')
    await writeFile('key', KEY, { mode: 0o600 })
    const inFile = createKeyWatcher(KEY, { API_SECRET_KEY_FILE: 'key' })
    assert.equal(inFile(), undefined)
    await writeFile('key', 'another', { mode: 0o600 })
    assert.equal(inFile(), 'another')
    await rm('key')
    assert.equal(inFile(), undefined, 'what cannot be read is no other key')
  } finally {
    process.chdir(before)
  }
})

test('a key file must be its owner’s alone, and hold one key', { skip: NO_MODES }, async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'key')
  await writeFile(path, `${KEY}\n`, { mode: 0o600 })
  assert.deepEqual(readKeyFile(path), { key: KEY })
  for (const mode of [0o640, 0o604, 0o660, 0o644]) {
    await chmod(path, mode)
    assert.deepEqual(readKeyFile(path), { fault: `${path} can be read by others; run: chmod 600 ${path}` })
  }
  await chmod(path, 0o400)
  assert.deepEqual(readKeyFile(path), { key: KEY })
  for (const [text, said] of [
    ['', /is empty/],
    [' \n', /is empty/],
    ['x'.repeat(5000), /holds more than a key/],
  ] as const) {
    const other = join(at.path, `other-${text.length}`)
    await writeFile(other, text, { mode: 0o600 })
    assert.match(String('fault' in readKeyFile(other) && Object.values(readKeyFile(other))), said)
  }
  assert.match(Object.values(readKeyFile(at.path)).join(), /EISDIR|can be read/)
})

test('a key in a key file may stand in quotation marks, behind its name, or in UTF-16', {
  skip: NO_MODES,
}, async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'key')
  for (const written of [
    `"${KEY}"\n`,
    `'${KEY}'\r\n`,
    `API_SECRET_KEY=${KEY}\n`,
    `export API_SECRET_KEY="${KEY}"`,
    `\ufeff${KEY}`,
    Buffer.from(`\ufeff${KEY}\r\n`, 'utf16le'),
  ]) {
    await writeFile(path, written, { mode: 0o600 })
    assert.deepEqual(readKeyFile(path), { key: KEY }, String(written))
  }
})

test('a key file that others can read is refused with the command that mends it, and no file moves', {
  skip: NO_MODES,
}, async () => {
  await using machines = await openMachines()
  const path = join(machines.path, 'key')
  await writeFile(path, KEY, { mode: 0o644 })
  const environment = { API_SERVER_URL: 'http://127.0.0.1:1', API_SECRET_KEY_FILE: path }
  const { code, stderr } = await machines.run(['upload-data'], environment)
  assert.equal(code, 2)
  assert.ok(stderr.includes(`run: chmod 600 ${path}`) && !stderr.includes(KEY), stderr)
  assert.equal((await machines.run(['salvage'], environment)).code, 0, 'a command that needs no key looks at none')
})

test('a .env with the key that others can read is warned of', { skip: NO_MODES }, async () => {
  await using machines = await openMachines()
  const path = join(machines.path, '.env')
  await writeFile(path, `API_SECRET_KEY=${KEY}\n`, { mode: 0o644 })
  const { API_SECRET_KEY: _, ...environment } = withoutSettings()
  const upload = () => {
    const child = spawn(process.execPath, [PROGRAM, 'upload-data'], {
      cwd: machines.path,
      env: { ...environment, API_SERVER_URL: 'http://127.0.0.1:1', SCRAPING_DATA_DIR: machines.scraping },
    })
    return child.stderr.setEncoding('utf8').toArray() as Promise<string[]>
  }
  assert.equal(
    (await upload()).join(''),
    `warning: ${path} holds the key and can be read by others; run: chmod 600 ${path}\n`,
  )
  await chmod(join(machines.path, '.env'), 0o600)
  assert.equal((await upload()).join(''), '')
})

test('a key from standard input opens the server, and its loader is given none', { skip: NO_PROC }, async () => {
  await using machines = await openMachines()
  await mkdir(machines.dataManagement, { mode: 0o700 })
  const server = spawn(process.execPath, [PROGRAM, 'serve', '--port', '0'], {
    cwd: machines.path,
    env: { ...withoutSettings(), API_SECRET_KEY_FILE: '-', DATA_MANAGEMENT_DATA_DIR: machines.dataManagement },
  })
  let printed = ''
  server.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  server.stderr.resume()
  try {
    server.stdin.end(`${KEY}\n`)
    await until(() => printed.includes('Listening on '), 'the server listens')
    const url = /Listening on (\S+)/.exec(printed)?.[1]
    const answer = await fetch(`${url}/api/audit`, { headers: { 'x-api-key': KEY } })
    assert.equal(answer.status, 200)
    await until(() => childrenOf(server.pid!).length > 0, 'the loader runs')
    for (const pid of [server.pid!, ...childrenOf(server.pid!)])
      for (const file of ['cmdline', 'environ']) assert.ok(!readFileSync(`/proc/${pid}/${file}`).includes(KEY))
  } finally {
    const gone = new Promise((resolve) => server.once('close', resolve))
    server.kill('SIGTERM')
    await gone
  }
})

const NAMELESS = { uid: 54_321, gid: 54_321 }

function namelessMissing(): string | false {
  if (process.getuid?.() !== 0) return 'only root may work as another user'
  try {
    execFileSync(process.execPath, ['--check', PROGRAM], { ...NAMELESS, stdio: 'ignore' })
    return false
  } catch {
    return 'other users cannot read the program here'
  }
}

test('a user that has a number and no name, as in a container, makes a key and is in the audit', {
  skip: namelessMissing(),
}, async () => {
  await using at = await temporaryFolder()
  await chown(at.path, NAMELESS.uid, NAMELESS.gid)
  const env = { ...withoutSettings(), DATA_MANAGEMENT_DATA_DIR: join(at.path, 'data') }
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [PROGRAM, ...args], { ...NAMELESS, env, cwd: at.path })
  run('update-db', '--products')
  assert.match(run('keys', 'create', 'x').toString(), /^splitcart_/)
  assert.match(run('audit').toString(), /54321@\S+ +key created/)
})
