/** `npm run demo`: what a newcomer sees first. */
import assert from 'node:assert/strict'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from './folders.ts'
import { PROGRAM, startProgram } from './machines.ts'

const MS_MAX = 120_000

test('the demo shows each file sent, accepted and loaded, keeps away from real settings, and leaves nothing', async () => {
  await using at = await temporaryFolder()
  const temporary = join(at.path, 'tmp')
  await mkdir(temporary)
  // What a person may have: it must not reach the demo, nor the demo it.
  await writeFile(
    join(at.path, '.env'),
    `DATABASE_URL=sqlite:${join(at.path, 'real.db')}\nAPI_SECRET_KEY=short\nPORT=1\n`,
  )
  const env = { ...process.env, DATABASE_URL: `sqlite:${join(at.path, 'real.db')}`, TMPDIR: temporary, TEMP: temporary }
  const start = performance.now()
  const { code, stdout, stderr } = await startProgram([PROGRAM, 'demo'], at.path, env).ended
  assert.equal(code, 0, stdout + stderr)
  assert.ok(performance.now() - start < MS_MAX)
  const names = [...stdout.matchAll(/^scraped +(\S+)/gm)].map(([, name]) => name)
  assert.equal(names.length, 12)
  for (const name of names)
    for (const state of ['accepted', 'loaded']) assert.match(stdout, new RegExp(`^${state} +${name} `, 'm'))
  assert.match(stdout, /http:\/\/127\.0\.0\.1:\d+/)
  assert.match(stdout, /[\d,]+ products, [\d,]+ observations/)
  assert.equal(stderr, '')
  assert.deepEqual(await readdir(temporary), [])
  assert.deepEqual((await readdir(at.path)).sort(), ['.env', 'tmp'])
})
