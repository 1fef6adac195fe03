/** Other people's HTTP clients post the file as a form: accepted with 201, again with 200 and the same receipt. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { type Machines, openMachines, type Server } from './machines.ts'

const execute = promisify(execFile)
const ROW = {
  product: { sku: 's1', name: 'Milk', normalized_name_brand_size: 'milk', price_current: 1.5 },
  metadata: { company: 'aldi', store_name: 'nerang', store_id: 'G120', scraped_date: '2025-09-12' },
}
const NAMES = ['aldi-nerang-g120-2025-09-12.jsonl', 'Käse 東京.jsonl']

// Where the build server lacks a program, that is a failure; a person may do without.
function missing(program: string, args: readonly string[]): string | false {
  const isThere = spawnSync(program, args, { stdio: 'ignore' }).status === 0
  return !isThere && !process.env.CI && `${program} ${args.join(' ')} does not work here`
}

const NO_CURL = missing('curl', ['--version'])
const NO_PYTHON = missing('/usr/bin/python3', ['--version'])
const HAS_REQUESTS = spawnSync('/usr/bin/python3', ['-c', 'import requests'], { stdio: 'ignore' }).status === 0

const WITH_REQUESTS = `
import requests, sys
url, key, path = sys.argv[1:]
with open(path, 'rb') as file:
    answer = requests.post(url, headers={'X-Internal-API-Key': key}, files={'file': file}, timeout=30)
print(answer.status_code)
print(answer.text)
`

const WITH_THE_LIBRARY = `
import http.client, os, sys, urllib.parse
url, key, path = sys.argv[1:]
address = urllib.parse.urlsplit(url)
name = os.path.basename(path)
head = '--b\\r\\nContent-Disposition: form-data; name="file"; filename="%s"\\r\\n\\r\\n' % name
body = head.encode() + open(path, 'rb').read() + b'\\r\\n--b--\\r\\n'
connection = http.client.HTTPConnection(address.netloc, timeout=30)
headers = {'X-Internal-API-Key': key, 'Content-Type': 'multipart/form-data; boundary=b'}
connection.request('POST', address.path, body, headers)
answer = connection.getresponse()
print(answer.status)
print(answer.read().decode())
`

type Send = (server: Server, key: string, path: string) => Promise<{ stdout: string }>

const curl: Send = ({ url }, key, path) =>
  execute('curl', [
    '-sS',
    '-w',
    '\n%{http_code}',
    '-H',
    `X-API-Key: ${key}`,
    '-F',
    `file=@${path}`,
    `${url}/api/upload/`,
  ])

const python: Send = ({ url }, key, path) =>
  execute('/usr/bin/python3', ['-c', HAS_REQUESTS ? WITH_REQUESTS : WITH_THE_LIBRARY, `${url}/api/upload/`, key, path])

/** Posts a file of each name twice. */
async function postTwice(machines: Machines, send: Send): Promise<void> {
  const server = await machines.serve(['--no-update-db'])
  const key = await machines.key()
  for (const [index, name] of NAMES.entries()) {
    const path = join(machines.path, `${name}.gz`)
    await writeFile(path, gzipSync(`${JSON.stringify(ROW)}\n`.repeat(index + 1)))
    const first = answerIn(await send(server, key, path))
    const again = answerIn(await send(server, key, path))
    assert.deepEqual([first.status, again.status], [201, 200], JSON.stringify(first.receipt))
    assert.equal(first.receipt.filename, name)
    assert.deepEqual(again.receipt, { ...first.receipt, duplicate: true })
  }
  assert.deepEqual(await machines.names('data_management', 'product_inbox'), NAMES.toSorted())
}

function answerIn({ stdout }: { stdout: string }): { status: number; receipt: Record<string, unknown> } {
  const lines = stdout.split('\n')
  const status = lines.find((line) => /^\d{3}$/.test(line))
  const receipt = lines.find((line) => line.startsWith('{'))
  return { status: Number(status), receipt: JSON.parse(receipt ?? '{}') }
}

test('curl posts a form', { skip: NO_CURL }, async () => {
  await using machines = await openMachines()
  await postTwice(machines, curl)
})

test('an uploader that was written for another server delivers with two lines changed', {
  skip: NO_PYTHON,
}, async () => {
  assert.ok(HAS_REQUESTS || !process.env.CI, 'the build server has requests')
  if (!HAS_REQUESTS) return
  await using machines = await openMachines()
  const server = await machines.serve(['--no-update-db'])
  const [outbox, sent] = [join(machines.path, 'out'), join(machines.path, 'sent')]
  for (const folder of [outbox, sent]) await mkdir(folder)
  await writeFile(join(outbox, 'a.jsonl'), `${JSON.stringify(ROW)}\n`)
  const example = fileURLToPath(new URL('../docs/examples/existing_uploader.py', import.meta.url))
  const env = { ...process.env, API_SERVER_URL: server.url, API_SECRET_KEY: await machines.key() }
  const upload = () => execute('/usr/bin/python3', [example, outbox, sent], { env })
  assert.equal((await upload()).stdout, 'a.jsonl: 201\n')
  assert.deepEqual(await readdir(outbox), [])
  await writeFile(join(outbox, 'b.jsonl'), `${JSON.stringify(ROW)}\n`)
  assert.equal((await upload()).stdout, 'b.jsonl: 200\n')
})

test('Python posts a form', { skip: NO_PYTHON }, async () => {
  await using machines = await openMachines()
  await postTwice(machines, python)
})
