/** The tables of docs/: how they are made, and that a page which says something else is noticed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readable, tableOf, withTable } from './docs.ts'

const PAGE = '# Rows\n\nProse.\n\n<!-- generated: codes -->\nold\n<!-- /generated -->\n\nMore prose.\n'
const TABLE = tableOf(['Code', 'Meaning'], [['a', 'one | two']])

test('a table has a head, a rule and its rows, with bars escaped', () => {
  assert.equal(TABLE, '| Code | Meaning |\n| --- | --- |\n| a | one \\| two |\n')
})

test('a table takes its place in a page, and the prose around it stays', () => {
  const page = withTable(PAGE, 'codes', TABLE)
  assert.equal(page, PAGE.replace('old\n', `\n${TABLE}\n`))
})

test('a page that holds the table already does not change; one that differs does', () => {
  const page = withTable(PAGE, 'codes', TABLE) ?? ''
  assert.equal(withTable(page, 'codes', TABLE), page)
  assert.notEqual(withTable(page.replace('one', 'three'), 'codes', TABLE), page.replace('one', 'three'))
})

test('a page without the place for a table is not mended silently', () => {
  assert.equal(withTable(PAGE, 'settings', TABLE), undefined)
  assert.equal(withTable('<!-- generated: codes -->\n', 'codes', TABLE), undefined)
})

test('bytes are shown in the largest unit that divides them', () => {
  assert.deepEqual([536870912, 8 * 2 ** 30, 1024, 1000, 1536].map(readable), [
    '512 MiB',
    '8 GiB',
    '1 KiB',
    undefined,
    undefined,
  ])
})
