/** How the built page is served: its addresses, its policy, its parts, and what is said while there is none. */
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { brotliCompressSync } from 'node:zlib'
import { temporaryFolder } from '../../../test/folders.ts'
import { PAGE_ADDRESSES } from '../http/edge/page.ts'
import { assertProblem, get, openReceiver } from './receiver.ts'

const SCRIPT = 'export const answer = 42 // a part of the page\n'.repeat(100)

test('the server knows the address of every view', async () => {
  const router = await readFile(join(import.meta.dirname, '../../dashboard/app/router.tsx'), 'utf8')
  const views = [...router.matchAll(/^ {2}path: '([^']+)',$/gm)].map(([, path]) => path!.replaceAll('$', ':'))
  assert.ok(views.includes('/uploads/:id'))
  assert.deepEqual(views.toSorted(), [...PAGE_ADDRESSES].sort())
})

test('until the page is built its addresses say what to run, and then it is there without a restart', async () => {
  await using at = await temporaryFolder()
  await using receiver = await openReceiver({ pageFolder: at.path })
  const before = await fetch(receiver.url)
  assert.equal(before.status, 503)
  assert.match(await before.text(), /npm run build/)
  assert.equal(await receiver.faultsLogged(), '')
  await buildAt(at.path)
  for (const address of ['/', '/sign-in', '/uploads?state=held', '/uploads/7', '/products/7?store=a/b', '/docs']) {
    const answer = await fetch(receiver.url + address)
    assert.equal(answer.status, 200, address)
    assert.equal(await answer.text(), '<!doctype html>the page')
    assert.equal(answer.headers.get('cache-control'), 'no-cache')
    const policy = answer.headers.get('content-security-policy') ?? ''
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/)
    assert.doesNotMatch(policy, /unsafe|https?:|data:|\*/)
    assert.match(policy, /frame-ancestors 'none'/)
  }
})

test('parts of the page are kept by browsers for ever, and come compressed where that is understood', async () => {
  await using at = await temporaryFolder()
  await buildAt(at.path)
  await using receiver = await openReceiver({ pageFolder: at.path })
  const answer = await fetch(`${receiver.url}/assets/index-abc.js`, { headers: { 'accept-encoding': 'br' } })
  assert.equal(answer.headers.get('content-encoding'), 'br')
  assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable')
  assert.match(answer.headers.get('content-type') ?? '', /^(text|application)\/javascript/)
  assert.equal(await answer.text(), SCRIPT)
  const plain = await fetch(`${receiver.url}/assets/index-abc.js`, { headers: { 'accept-encoding': 'identity' } })
  assert.equal(plain.headers.get('content-encoding'), null)
  assert.equal(await plain.text(), SCRIPT)
})

test('nothing but the parts can be had, whatever the path, and unknown addresses stay problems', async () => {
  await using at = await temporaryFolder()
  await buildAt(at.path)
  await writeFile(join(at.path, 'secret.txt'), 'secret')
  await using receiver = await openReceiver({ pageFolder: at.path })
  for (const path of [
    '/assets/../secret.txt',
    '/assets/%2e%2e/secret.txt',
    '/assets/..%2fsecret.txt',
    '/assets/....//secret.txt',
    '/assets/%00',
    '/assets//etc/passwd',
    '/assets/',
    '/index.html',
    '/secret.txt',
  ]) {
    const { status, body } = await raw(receiver.port, path)
    assert.ok(status === 404 || status === 400 || status === 403, `${path}: ${status}`)
    assert.doesNotMatch(body, /secret|root:/, path)
  }
  assertProblem(await get(receiver, '/api/nowhere'), 404, 'not_found')
  assertProblem(await get(receiver, '/nowhere'), 404, 'not_found')
})

test('a person who has come to an address that is none gets the page, with 404; nothing of the API does', async () => {
  await using at = await temporaryFolder()
  await buildAt(at.path)
  await using receiver = await openReceiver({ pageFolder: at.path })
  const ask = (path: string) => fetch(`${receiver.url}${path}`, { headers: { accept: 'text/html,*/*;q=0.8' } })
  for (const path of ['/nowhere', '/nowhere/at/all', '/Uploads?q=x', '/api']) {
    const answer = await ask(path)
    assert.deepEqual([answer.status, await answer.text()], [404, '<!doctype html>the page'], path)
    assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'none'/)
  }
  for (const [path, status] of [
    ['/api/nowhere', 404],
    ['/api/upload/', 405],
  ] as const) {
    const answer = await ask(path)
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [status, 'application/problem+json'], path)
  }
})

async function buildAt(folder: string): Promise<void> {
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), '<!doctype html>the page')
  await writeFile(join(folder, 'assets', 'index-abc.js'), SCRIPT)
  await writeFile(join(folder, 'assets', 'index-abc.js.br'), brotliCompressSync(SCRIPT))
}

/** A request whose path is sent as it is: `fetch` would tidy it up. */
function raw(port: number, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path }, async (answer) => {
      resolve({ status: answer.statusCode ?? 0, body: await text(answer) })
    })
    asked.on('error', reject).end()
  })
}
