/** Commits that many share, on a real ledger. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/folders.ts'
import type { LedgerDatabase } from '../ledger/database.ts'
import { GroupCommit } from '../ledger/group-commit.ts'
import { openSqliteLedger } from '../ledger/sqlite.ts'
import { openLedgerDatabaseIn, openLedgerIn } from './ledgers.ts'

async function openTwo() {
  const at = await temporaryFolder()
  const [ours, others] = [await openLedgerDatabaseIn(at.path), await openLedgerDatabaseIn(at.path)]
  const close = async () => {
    await Promise.all([ours.destroy(), others.destroy()])
    await at[Symbol.asyncDispose]()
  }
  return { ours, others, commits: new GroupCommit(ours), [Symbol.asyncDispose]: close }
}

const entry = (about: string) => ({ at: 1, who: 'a test', what: 'tried', about })

function add(database: LedgerDatabase, about: string) {
  return database.insertInto('audit').values(entry(about)).execute()
}

async function abouts(database: LedgerDatabase): Promise<string[]> {
  return (await database.selectFrom('audit').select('about').orderBy('id').execute()).map(({ about }) => about)
}

test('a hundred who write at once share one transaction, and what each wrote is committed when it goes on', async () => {
  await using at = await openTwo()
  const transactions = new Set<LedgerDatabase>()
  const names = Array.from({ length: 100 }, (_, index) => `entry ${index}`)
  const seen = await Promise.all(
    names.map(async (name) => {
      await at.commits.write((transaction) => {
        transactions.add(transaction)
        return add(transaction, name)
      })
      return (await abouts(at.others)).includes(name)
    }),
  )
  assert.deepEqual(new Set(seen), new Set([true]))
  assert.deepEqual(await abouts(at.others), names)
  assert.equal(transactions.size, 1)
})

test('one that fails hears why, and the others are committed without it', async () => {
  await using at = await openTwo()
  const [first, wrong, last] = await Promise.allSettled([
    at.commits.write((transaction) => add(transaction, 'first').then(() => 1)),
    at.commits.write(async (transaction) => {
      await add(transaction, 'half')
      throw new Error('only this one')
    }),
    at.commits.write((transaction) => add(transaction, 'last').then(() => 3)),
  ])
  assert.deepEqual(
    [first, last],
    [1, 3].map((value) => ({ status: 'fulfilled', value })),
  )
  assert.match(String(wrong?.status === 'rejected' && wrong.reason), /only this one/)
  assert.deepEqual(await abouts(at.others), ['first', 'last'])
})

test('who comes during a commit is in the next one', async () => {
  await using at = await openTwo()
  const later: Promise<unknown>[] = []
  const isSeen = Promise.withResolvers<void>()
  await at.commits.write(async (transaction) => {
    later.push(at.commits.write((next) => isSeen.promise.then(() => add(next, 'second'))))
    await add(transaction, 'first')
  })
  assert.deepEqual(await abouts(at.others), ['first'])
  isSeen.resolve()
  await Promise.all(later)
  assert.deepEqual(await abouts(at.others), ['first', 'second'])
})

test('the same bytes recorded by two at once are one upload, and only one of them was first', async () => {
  await using at = await temporaryFolder()
  await using ledger = await openLedgerIn(at.path)
  const arrival = {
    sha256: 'a'.repeat(64),
    filename: 'a.jsonl',
    stored_as: 'a.jsonl',
    kind: 'products',
    state: 'accepted' as const,
    bytes: 1,
    lines: 1,
    wire_bytes: 1,
  }
  const recorded = await Promise.all(
    ['1', '2', '3'].map((id) => ledger.arrivals.record({ ...arrival, id, received_at: 1 }, 'settings', true)),
  )
  assert.deepEqual(
    recorded.map(({ isNew, upload }) => [isNew, upload.id]),
    [
      [true, '1'],
      [false, '1'],
      [false, '1'],
    ],
  )
})

test('in SQLite, a transaction that reads before it writes fails not because another process writes in between', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'ledger.db')
  const ours = openSqliteLedger(path)
  using others = new DatabaseSync(path, { timeout: 0 })
  const another = "insert into audit (at, who, what, about) values (1, 'a test', 'tried', 'another')"
  try {
    await ours.transaction().execute(async (transaction) => {
      assert.deepEqual(await abouts(transaction), [])
      // Here it would wait until the transaction has ended.
      assert.throws(() => others.exec(another), /database is locked/)
      await add(transaction, 'ours')
    })
    others.exec(another)
    assert.deepEqual(await abouts(ours), ['ours', 'another'])
  } finally {
    await ours.destroy()
  }
})
