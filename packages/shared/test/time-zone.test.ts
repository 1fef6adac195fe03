/** Days of time zones: those of 23 and 25 hours, zones with half hours, a day that a zone has left out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timeZoneOf } from '../day-settings.ts'
import { readSettings } from '../settings.ts'
import { DAY_MS, HOUR_MS } from '../time.ts'
import { TimeZone } from '../time-zone.ts'

const DAYS = [
  // Clocks go forward at 2:00, and back at 3:00.
  ['Australia/Sydney', '2026-10-03', '2026-10-02T14:00:00.000Z', 24],
  ['Australia/Sydney', '2026-10-04', '2026-10-03T14:00:00.000Z', 23],
  ['Australia/Sydney', '2026-10-05', '2026-10-04T13:00:00.000Z', 24],
  ['Australia/Sydney', '2027-04-04', '2027-04-03T13:00:00.000Z', 25],
  ['Australia/Sydney', '2027-04-05', '2027-04-04T14:00:00.000Z', 24],
  ['Australia/Brisbane', '2026-10-04', '2026-10-03T14:00:00.000Z', 24],
  ['Asia/Kolkata', '2026-10-04', '2026-10-03T18:30:00.000Z', 24],
  ['Australia/Lord_Howe', '2026-10-04', '2026-10-03T13:30:00.000Z', 23.5],
  // The clock goes from 1:00 back to 0:00, and at another place from 0:00 forward to 1:00.
  ['America/Havana', '2026-11-01', '2026-11-01T04:00:00.000Z', 25],
  ['Africa/Cairo', '2026-04-24', '2026-04-23T22:00:00.000Z', 23],
  ['Pacific/Kiritimati', '2026-01-01', '2025-12-31T10:00:00.000Z', 24],
  ['Etc/GMT+12', '2026-01-01', '2026-01-01T12:00:00.000Z', 24],
  ['UTC', '2026-02-28', '2026-02-28T00:00:00.000Z', 24],
] as const

test('a date begins at the midnight of its zone, and is as long as it is there', () => {
  for (const [name, date, begins, hours] of DAYS) {
    const zone = new TimeZone(name)
    const from = zone.startOf(date)
    assert.equal(new Date(from).toISOString(), begins, `${name} ${date}`)
    const next = new Date(Date.parse(date) + DAY_MS).toISOString().slice(0, 10)
    assert.equal((zone.startOf(next) - from) / HOUR_MS, hours, `${name} ${date}`)
    assert.deepEqual(
      [from - 1, from, zone.startOf(next) - 1].map((at) => zone.dateAt(at) === date),
      [false, true, true],
    )
  }
})

test('a moment is shown by the clock of its zone, with how far that is from UTC', () => {
  for (const [name, at, shown] of [
    ['UTC', '2026-10-03T23:05:59Z', '2026-10-03 23:05 UTC'],
    ['Australia/Sydney', '2026-10-03T14:05:00Z', '2026-10-04 00:05 +10:00'],
    ['Australia/Sydney', '2026-10-03T16:00:00Z', '2026-10-04 03:00 +11:00'],
    ['Asia/Kolkata', '2026-10-03T18:29:59Z', '2026-10-03 23:59 +05:30'],
    ['Etc/GMT+12', '2026-01-01T00:00:00Z', '2025-12-31 12:00 -12:00'],
  ] as const)
    assert.equal(new TimeZone(name).timeAt(Date.parse(at)), shown)
})

test('a day that a zone has left out begins with the next', () => {
  const zone = new TimeZone('Pacific/Apia')
  assert.equal(zone.startOf('2011-12-30'), zone.startOf('2011-12-31'))
  assert.equal(zone.dateAt(zone.startOf('2011-12-30')), '2011-12-31')
})

test('a zone is given by its name; what is none is named, with one that is', () => {
  assert.equal(timeZoneOf(readSettings({ TIME_ZONE: 'australia/sydney' })).name, 'Australia/Sydney')
  assert.equal(timeZoneOf(readSettings({})).name, TimeZone.ofSystem().name)
  for (const wrong of ['Sydney', '+10:00', 'Australia/Sydney ', 'AEST/10', '10'])
    assert.throws(
      () => readSettings({ TIME_ZONE: wrong }),
      (error: Error) =>
        error.message.includes(
          `TIME_ZONE: expected the name of a time zone, such as Australia/Sydney or UTC, got "${wrong}"`,
        ),
    )
})
