import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { changed, changesOf } from '../mutants/changes.ts'
import { Compiler } from '../mutants/compiler.ts'
import { digestOf, linesOf, testsOf } from '../mutants/covered.ts'
import { failedOf } from '../mutants/tests.ts'
import { temporaryFolder } from './folders.ts'

const SOURCE = `export async function send(count: number | undefined) {
  if (count === undefined) return false
  const sent: number = await post<number>(count)
  await note(sent)
  return sent >= count && isWhole(sent)
}
`

test('every comparison, condition, await and call of a file can be changed, and nothing else', () => {
  const changes = changesOf('send.ts', SOURCE)
  assert.deepEqual(
    changes.map(({ kind, line, before, text }) => `${line} ${kind}: ${before} → ${text}`),
    [
      '2 condition: count === undefined → true',
      '2 condition: count === undefined → false',
      '2 comparison: === → !==',
      '3 await: await  → ',
      '4 await: await  → ',
      '4 call: await note(sent) → void 0',
      '5 comparison: >= → >',
      '5 comparison: && → ||',
    ],
  )
  const left = changes.map((change) => changed(SOURCE, change).split('\n')[change.line - 1]?.trim())
  assert.deepEqual(left.slice(3, 7), [
    'const sent: number = post<number>(count)',
    'note(sent)',
    'void 0',
    'return sent > count && isWhole(sent)',
  ])
})

test('an await that changes nothing is not changed: of what is yielded, and of what is returned with nothing to do after it', () => {
  const source = `async function* all() {
  yield await one()
  return await one()
}
const last = async () => await one()
async function careful() {
  try {
    return await one()
  } catch {}
}
async function first() {
  for await (const each of all()) return await one(each)
}
async function held() {
  await using lock = await take()
  return await one()
}
`
  const lines = changesOf('all.ts', source).map(({ line, text }) => `${line} ${text}`)
  assert.deepEqual(lines, ['8 ', '12 ', '15 ', '16 '])
})

test('a line is run when a part of it is, and tests that run most of its file are asked first', () => {
  const whole = { startOffset: 0, endOffset: SOURCE.length, count: 1 }
  const neverReturned = { startOffset: SOURCE.indexOf('  return sent'), endOffset: SOURCE.indexOf('}'), count: 0 }
  assert.deepEqual(linesOf({ functions: [{ ranges: [whole, neverReturned] }] }, SOURCE), [1, 2, 3, 4, 6])

  const tests = {
    'little.test.ts': { seconds: 1, lines: { 'send.ts': [2, 3] } },
    'slow.test.ts': { seconds: 9, lines: { 'send.ts': [1, 2, 3, 4, 6] } },
    'near.test.ts': { seconds: 2, lines: { 'send.ts': [1, 2, 3, 4, 6] } },
    'broken.test.ts': { seconds: 1, fails: true as const, lines: { 'send.ts': [1, 2, 3, 4, 6] } },
    'other.test.ts': { seconds: 1, lines: { 'other.ts': [2] } },
  }
  const asked = (source: string, line: number) =>
    testsOf({ digests: { 'send.ts': digestOf(SOURCE) }, tests }, 'send.ts', source, line).map(({ test }) => test)
  assert.deepEqual(asked(SOURCE, 2), ['near.test.ts', 'slow.test.ts', 'little.test.ts'])
  assert.deepEqual(asked(SOURCE, 4), ['near.test.ts', 'slow.test.ts'])
  // Its lines have moved since: whoever runs any of it is asked.
  assert.equal(asked(`\n${SOURCE}`, 6).length, 3)
})

test('the compiler notices what does not fit its types, and a promise that nobody awaits, and forgets each', async () => {
  await using at = await temporaryFolder()
  const config = { compilerOptions: { strict: true, target: 'esnext', types: [] } }
  await writeFile(join(at.path, 'tsconfig.json'), JSON.stringify(config))
  const source = `export async function go(stop: () => Promise<void>, limit: number) {\n  await stop()\n  return limit > 1\n}\n`
  await writeFile(join(at.path, 'go.ts'), source)
  using compiler = new Compiler(at.path)
  const noticed = [
    source.replace('await ', ''),
    source.replace('limit > 1', 'limit > true'),
    source.replace('> 1', '>= 1'),
    source,
  ].map((text) => compiler.notices('go.ts', text))
  assert.deepEqual(noticed, [true, true, false, false])
})

test('the commands that tests run are those of the sources in the copy, where a change is made', async () => {
  await using at = await temporaryFolder()
  await mkdir(join(at.path, 'bin'))
  const runner = "console.log('✖ failed: npm test -- ' + process.env.PROGRAM_OF_TESTS)\n"
  await writeFile(join(at.path, 'bin/node.js'), runner)
  assert.deepEqual(await failedOf(at.path, ['a.test.ts'], {}), [join(at.path, 'bin/splitcart.js')])
})
