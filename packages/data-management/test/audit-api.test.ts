/** The audit over the API. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/folders.ts'
import { askLedger, openLedgerIn } from './ledgers.ts'
import { openReceiver } from './receiver.ts'

test('the audit is read with the scope admin only, page by page, the newest first', async () => {
  await using receiver = await openReceiver()
  for (let entry = 1; entry <= 5; entry++)
    await receiver.ledger.audit({ at: entry, who: 'me', what: 'tested', about: String(entry) })
  const ask = async (key: string, query = '') =>
    fetch(`${receiver.url}/api/audit${query}`, { headers: { 'X-API-Key': key } })
  assert.equal((await ask(await receiver.makeKey('read'))).status, 403)
  const admin = await receiver.makeKey('admin')
  const seen: string[] = []
  for (let query = '?limit=2'; ; ) {
    const answer = await ask(admin, query)
    assert.equal(answer.status, 200)
    const { entries, next } = (await answer.json()) as {
      entries: { what: string; about: string }[]
      next: number | null
    }
    seen.push(...entries.filter(({ what }) => what === 'tested').map(({ about }) => about))
    if (next === null) break
    query = `?limit=2&before=${next}`
  }
  assert.deepEqual(seen, ['5', '4', '3', '2', '1'])
  assert.equal((await ask(admin, '?before=x')).status, 400)
})

test('records of the audit are only ever added: the database itself changes and removes none', async () => {
  await using at = await temporaryFolder()
  {
    await using ledger = await openLedgerIn(at.path)
    await ledger.audit({ at: 1, who: 'me', what: 'tested', about: 'it' })
  }
  for (const sql of ["update audit set who = 'nobody'", 'delete from audit'])
    await assert.rejects(askLedger(at.path, sql), /records of the audit are not/)
  assert.equal((await askLedger(at.path, 'select who from audit'))[0]?.who, 'me')
})
