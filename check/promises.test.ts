/** A promise that nobody awaits is seen, and what is done with others on purpose is let pass. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../test/folders.ts'
import { promiseFaults } from './promises.ts'

const HEAD = `async function send(): Promise<boolean> { return true }
declare const later: (() => Promise<void>) | undefined
declare const soon: () => Promise<string | undefined> | string | undefined
let sending: Promise<boolean> | undefined
declare const error: (cause: unknown) => void
export async function go(): Promise<unknown> {
`
const FORGOTTEN = [
  'send()',
  'later?.()',
  'send().then(error)',
  'send().finally(() => {})',
  'if (send()) return',
  'if (!send()) return',
  'while (send()) return',
  'return send() ? 1 : 2',
  'return send() !== undefined',
  'return send() === null',
  'return send() && 1',
  'return send() ?? 1',
  'return soon() !== undefined',
  'return soon() ? 1 : 2',
]
const MEANT = [
  'await send()',
  'void send()',
  'await later?.()',
  'send().catch(error)',
  'send().then(() => {}, error)',
  'send().catch(error).finally(() => {})',
  'sending = send()',
  'sending ??= send()',
  'if (await send()) return',
  'if (sending !== undefined) return',
  'while (sending) return',
  'return sending === send()',
  'return send()',
]

async function faultsOf(lines: readonly string[]): Promise<string[]> {
  await using at = await temporaryFolder()
  const config = join(at.path, 'tsconfig.json')
  await writeFile(config, JSON.stringify({ compilerOptions: { strict: true, target: 'esnext', types: [] } }))
  for (const [index, line] of lines.entries())
    await writeFile(join(at.path, `line-${index}.ts`), `${HEAD}  ${line}\n}\n`)
  return promiseFaults(config).map(({ path }) => lines[Number(/\d+/.exec(path))] ?? path)
}

test('a promise that nobody awaits, and a condition that a promise always fulfils, are faults', async () => {
  assert.deepEqual((await faultsOf(FORGOTTEN)).sort(), FORGOTTEN.toSorted())
})

test('a promise that is awaited, kept, set aside or handled passes, and so does the question whether there is one', async () => {
  assert.deepEqual(await faultsOf(MEANT), [])
})
