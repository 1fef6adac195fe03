/** A machine that is connected with a one-time code, and put out of service again, as people do it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { scheduleFor } from '@splitcart/scraping/schedule.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { readEnvFile } from '../bin/env-file.ts'
import { writeSettings } from '../bin/settings-writer.ts'
import { temporaryFolder } from './folders.ts'
import { type Ended, openMachines, PROGRAM } from './machines.ts'

const IS_WINDOWS = process.platform === 'win32'
const ROW = {
  product: { sku: '1', name: 'Milk', normalized_name_brand_size: 'milk-2l', price_current: 3.1 },
  metadata: { company: 'corner', store_id: 'S1', store_name: 'Corner', scraped_date: '2026-07-01' },
}

/** A home in which a scheduler of the system is a program that writes down what it is asked. */
async function openHome(path: string) {
  const tools = join(path, 'tools')
  const asked = join(path, 'systemctl.log')
  await mkdir(tools, { recursive: true })
  await writeFile(join(tools, 'systemctl'), `#!/bin/sh\necho "$@" >> '${asked}'\n`)
  await chmod(join(tools, 'systemctl'), 0o755)
  const { PATH = '', TMPDIR, NODE_COMPILE_CACHE } = process.env
  const env = { PATH: `${tools}:${PATH}`, TMPDIR, NODE_COMPILE_CACHE, HOME: path, OUTBOX_REST_SECONDS: '0' }
  const run = async (args: readonly string[], input = ''): Promise<Ended> => {
    const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: path, env })
    child.stdin.end(input)
    const [stdout, stderr, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<number | null>((resolve) => child.on('close', resolve)),
    ])
    return { code, signal: null, stdout, stderr }
  }
  return { run, asked: () => readFile(asked, 'utf8') }
}

test('a code connects an empty folder, whose first file is loaded; disconnecting ends the key and leaves nothing but files', {
  skip: process.platform !== 'linux' && 'the scheduler that is stood in for is that of Linux',
}, async () => {
  await using machines = await openMachines()
  await using home = await temporaryFolder()
  const { run, asked } = await openHome(home.path)
  const server = await machines.serve()
  assert.match(server.printed(), /It has no keys yet\. .* splitcart keys invite NAME/)
  const invited = await machines.run(['keys', 'invite', 'laptop', '--only', 'corner'])
  const code = invited.stdout.trim()
  const connected = await run(['connect', server.url, '--schedule'], `${code}\n`)
  assert.equal(connected.code, 0, connected.stderr)
  assert.match(connected.stdout, /^Connected to .* as laptop \(key \w+\)[\s\S]*key {9}accepted/)
  const file = join(home.path, '.config', 'splitcart', 'splitcart.env')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const { API_SECRET_KEY: key = '' } = readEnvFile(await readFile(file), ['API_SECRET_KEY']).values
  assert.match(key, /^splitcart_/)
  for (const shown of [connected.stdout, connected.stderr, server.printed()]) assert.ok(!shown.includes(key))
  const unit = await readFile(join(home.path, '.config/systemd/user/splitcart-upload.service'), 'utf8')
  assert.ok(connected.stderr.includes(unit.split('\n').find((line) => line.startsWith('ExecStart=')) ?? '?'))
  assert.match(await asked(), /--user enable --now splitcart-upload\.timer/)

  const unasked = await run(['connect', server.url, '--code', 'ABCD-EFGH-JKMN'])
  assert.equal(unasked.code, 2)
  assert.match(unasked.stderr, /connects this machine to .* already; run "splitcart disconnect" first/)

  const outbox = join(home.path, 'scraping', 'data', 'product_outbox')
  await writeFile(join(outbox, 'corner.jsonl'), `${JSON.stringify(ROW)}\n`)
  const sent = await run(['upload-data', '--wait'])
  assert.equal(sent.code, 0, sent.stderr)

  const left = await run(['disconnect'])
  assert.equal(left.code, 0, left.stderr)
  assert.match(await asked(), /--user disable --now splitcart-upload\.timer\n$/)
  for (const gone of [file, join(home.path, '.config/systemd/user/splitcart-upload.service')])
    await assert.rejects(stat(gone), { code: 'ENOENT' })
  const { status } = await fetch(`${server.url}/api/uploads`, { headers: { 'X-API-Key': key } })
  assert.equal(status, 401)
})

test('settings are written between the lines of a person, and read back as they were', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'deep', '.env')
  await mkdir(join(at.path, 'deep'))
  await writeFile(path, '# mine\r\nexport API_SECRET_KEY=old\r\nOTHER="x"\r\n', { mode: 0o644 })
  const values = { API_SECRET_KEY: 'new', SCRAPING_DATA_DIR: 'C:\\new folder\\#1', API_SERVER_CA: "it's $HOME" }
  await writeSettings(realDisk(), path, values)
  assert.deepEqual({ ...readEnvFile(await readFile(path), Object.keys(values)).values }, values)
  assert.match(await readFile(path, 'utf8'), /^# mine\nOTHER="x"\nAPI_SECRET_KEY=new\n/)
  if (!IS_WINDOWS) assert.equal((await stat(path)).mode & 0o777, 0o600)
  const nothing = Object.fromEntries(Object.keys(values).map((name) => [name, undefined]))
  await writeSettings(realDisk(), path, nothing)
  assert.equal(await readFile(path, 'utf8'), '# mine\nOTHER="x"\n')
})

test('each system gets a schedule of its own, in which no name of a folder does harm', () => {
  const odd = { command: ['/opt/a b/node', "/o'd/$x 100%/splitcart.js", 'upload-data'], user: 501 }
  const linux = scheduleFor('linux', { ...odd, folder: '/home/ada', home: '/home/ada' })
  assert.match(
    linux?.files[0]?.text ?? '',
    /^ExecStart="\/opt\/a b\/node" "\/o'd\/\$\$x 100%%\/splitcart\.js" "upload-data"$/m,
  )
  const macos = scheduleFor('darwin', { ...odd, folder: '/Users/a&b', home: '/Users/a&b' })
  assert.match(macos?.files[0]?.text ?? '', /<string>\/Users\/a&amp;b<\/string>/)
  assert.deepEqual(macos?.undo, [['launchctl', 'bootout', 'gui/501/org.splitcart.upload']])
  const windows = scheduleFor('win32', {
    ...odd,
    folder: "C:\\it's",
    home: 'C:\\',
    command: ['C:\\n.exe', 'C:\\a b\\s.js'],
  })
  assert.match(windows?.install[0]?.at(-1) ?? '', /-Argument '"C:\\a b\\s\.js"' -WorkingDirectory 'C:\\it''s';/)
  assert.equal(scheduleFor('plan9', { ...odd, folder: '/', home: '/' }), undefined)
})
