/** A network that breaks off: what `npm run torture -- chaos` does with thousands of files. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chaos } from '../torture/chaos/chaos.ts'
import { effort } from './effort.ts'

const FILES = effort(50, 120)

test(`${FILES} files through a network that loses every third request and every third answer are loaded once`, {
  timeout: 400_000,
}, async (t) => {
  const round = chaos({ files: FILES, percent: 30 })
  assert.equal(await round(1), undefined)
  t.diagnostic(round.figure!())
  assert.match(round.figure!(), /[1-9]\d* delivered more than once/)
})
