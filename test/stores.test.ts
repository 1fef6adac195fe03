/** What people say of stores on the command line: that two are one, what is expected of one, and that its silence is known. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { TimeZone } from '@splitcart/shared/time-zone.ts'
import { sha256Of } from '../packages/data-management/test/receiver.ts'
import { type Machines, openMachines } from './machines.ts'

function row(company: string, store: string | undefined, date: string, price: number): string {
  const product = { sku: '7', name: 'Rye', normalized_name_brand_size: 'rye', price_current: price }
  return `${JSON.stringify({ product, metadata: { company, store_id: store, scraped_date: date } })}\n`
}

async function load(machines: Machines, ...texts: string[]): Promise<void> {
  const inbox = join(machines.dataManagement, 'product_inbox')
  await mkdir(inbox, { recursive: true, mode: 0o700 })
  for (const [place, text] of texts.entries()) await writeFile(join(inbox, `${text.length}-${place}.jsonl`), text)
  const { code, stderr } = await machines.run(['update-db', '--products'])
  // 3: with rejects.
  assert.equal(code, texts.some((text) => text.endsWith('{}\n')) ? 3 : 0, stderr)
}

async function seen(machines: Machines): Promise<unknown[]> {
  const { stdout } = await machines.run(['export', 'observations'])
  const lines = stdout.trim().split('\n')
  return lines.map((line) => JSON.parse(line)).map((each) => [each.store_id, each.scraped_date, each.price_cents])
}

test('a shop under two codes is one store, also for what comes later under the old one, until that is undone', async () => {
  await using machines = await openMachines()
  const older = row('Aldi', 'G102', '2025-09-01', 2) + row('Iga', 'S1', '2025-09-01', 3)
  // The newer program names no store.
  await load(machines, older, row('Aldi', undefined, '2025-09-02', 2.5))
  const merge = (...args: string[]) => machines.run(['stores', 'merge', ...args])
  const refused: readonly [string, string, RegExp][] = [
    ['aldi/G102', 'iga/S1', /stores of two companies/],
    ['aldi/G103', 'aldi/aldi', /aldi\/G103 is no store/],
    ['aldi/g102', 'Aldi/G102', /one and the same store/],
  ]
  for (const [old, into, why] of refused) {
    const { code, stderr } = await merge(old, into)
    assert.notEqual(code, 0)
    assert.match(stderr, why)
  }
  const merged = await merge('ALDI/g102', 'aldi/aldi', '--reason', 'it moved to one file', '--json')
  assert.deepEqual(JSON.parse(merged.stdout), { type: 'summary', id: 1, old: 'aldi/g102', new: 'aldi/aldi' })
  await load(machines, row('Aldi', 'G102', '2025-09-03', 2.75))
  const one = ['2025-09-01 200', '2025-09-02 250', '2025-09-03 275'].map((each) => {
    const [date, cents] = each.split(' ')
    return ['Aldi', date, Number(cents)]
  })
  assert.deepEqual((await seen(machines)).toSorted(), [...one, ['S1', '2025-09-01', 300]].toSorted())
  assert.match((await merge('aldi/g102', 'aldi/aldi')).stderr, /aldi\/g102 is merged into aldi\/aldi already \(1\)/)
  assert.match(
    (await merge('list')).stdout,
    /^1 {2}\S+ {2}aldi\/g102 {2}is {2}aldi\/aldi, says .*: it moved to one file\n$/,
  )
  await assertDatedIn(machines, Date.parse(JSON.parse((await merge('list', '--json')).stdout.split('\n')[0]!).at))
  assert.equal((await merge('undo', '1')).code, 0)
  assert.match((await merge('undo', '1')).stderr, /no merge that counts/)
  assert.equal((await machines.run(['update-db', '--products'])).code, 0)
  assert.deepEqual((await seen(machines)).filter((each) => (each as string[])[0] === 'G102').toSorted(), [
    ['G102', '2025-09-01', 200],
    ['G102', '2025-09-03', 275],
  ])
})

/** What is listed has the days and times of a zone that has another date than UTC at that moment. */
async function assertDatedIn(machines: Machines, at: number): Promise<void> {
  const zone = new TimeZone(new Date(at).getUTCHours() < 12 ? 'Etc/GMT+12' : 'Pacific/Kiritimati')
  const listed = async (...args: string[]) => (await machines.run([...args, '--time-zone', zone.name])).stdout
  assert.ok((await listed('stores', 'merge', 'list')).startsWith(`1  ${zone.dateAt(at)}  aldi/g102`))
  assert.ok((await listed('audit')).includes(`${zone.timeAt(at)}  `))
  const key = ['a laptop', '--expires', '2099-01-31', '--json', '--scope', 'upload']
  assert.equal((await machines.run(['keys', 'create', ...key, '--time-zone', zone.name])).code, 0)
  assert.match(await listed('keys', 'list'), /until 2099-01-31 00:00 [+-]1/)
  const { expires_at, state } = JSON.parse((await listed('keys', 'list', '--json')).split('\n')[0]!)
  assert.deepEqual([expires_at, state], [new Date(zone.startOf('2099-01-31')).toISOString(), 'works'])
}

test('a silent store, and rejects of a file whose upload is not known, are ticked off on the command line, and the store is retired', async () => {
  await using machines = await openMachines()
  const newer = row('Aldi', 'G102', '2025-09-02', 2.5)
  const withRejects = `${newer}{}\n`
  await load(machines, row('Aldi', 'G102', '2025-09-01', 2), withRejects)
  // As a ledger of an older backup has it.
  using ledger = new DatabaseSync(join(machines.dataManagement, 'ledger.db'))
  ledger.prepare('delete from upload where sha256 = ?').run(sha256Of(withRejects))
  const records = async (...args: string[]) => {
    const { code, stdout, stderr } = await machines.run([...args, '--json'])
    assert.equal(code, 0, stderr)
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  }
  const silent = { type: 'attention', kind: 'silent', subject: 'Aldi/G102', text: 'G102, last scraped 2025-09-02' }
  const [listed, rejects] = await records('attention', 'list')
  assert.deepEqual(listed, { ...silent, text: listed.text })
  assert.match(listed.text, /last scraped 2025-09-02$/)
  const [tick] = await records('attention', 'tick', 'silent', 'aldi/g102', '--until', '2099-01-01')
  assert.deepEqual([tick.kind, tick.subject, tick.until], ['silent', '["Aldi","G102"]', '2099-01-01'])
  assert.deepEqual([rejects.kind, rejects.subject], ['rejects', sha256Of(withRejects)])
  assert.equal((await records('attention', 'tick', 'rejects', rejects.subject))[0].subject, rejects.subject)
  const said = await machines.run(['attention', 'list'])
  assert.match(
    said.stdout,
    /Ticked off:\n {2}rejects .+\n {2}silent .*until 2099-01-01, or it changes, by .+\nNothing needs/,
  )
  const late = await machines.run(['attention', 'tick', 'silent', 'aldi/g102', '--until', '2025-01-01'])
  assert.match(late.stderr, /until is not to come/)
  const none = await machines.run(['attention', 'tick', 'silent', 'aldi/g102', '--until', '2099-02-30'])
  assert.match(none.stderr, /Expected a date such as/)
  assert.equal((await records('attention', 'untick', 'silent', 'aldi/g102')).length, 1)

  const set = await records('stores', 'set', 'ALDI/g102', '--retired', '--note', 'torn down')
  assert.deepEqual([set[0].store, set[0].is_retired, set[0].note], ['aldi/g102', true, 'torn down'])
  const [again] = await records('stores', 'set', 'aldi/g102', '--expected-days', '7')
  assert.deepEqual([again.is_retired, again.note, again.expected_days], [true, 'torn down', 7])
  assert.deepEqual((await records('attention', 'list')).at(-1), { type: 'summary', needed: 0, ticked: 1 })
  await load(machines, row('Aldi', 'G102', new Date().toISOString().slice(0, 10), 2.75))
  const [back] = await records('stores', 'set', 'aldi/g102', '--note', 'built again')
  assert.deepEqual([back.is_retired, back.note, back.expected_days], [false, 'built again', 7])
})
