/**
 * Hostile inputs, each with its pinned answer: all over one server, which afterwards still runs, has written no line about a fault of
 * its own, and has on its disk only what was accepted.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ADDRESS_CASES } from './hostile/addresses.ts'
import { BODIES } from './hostile/bodies.ts'
import { FORMS } from './hostile/forms.ts'
import { HEADS } from './hostile/heads.ts'
import type { HostileCase } from './hostile/hostile-case.ts'
import { NAMES } from './hostile/names.ts'
import { RESUMABLES } from './hostile/resumables.ts'
import { SIGN_INS } from './hostile/sign-ins.ts'
import { openReceiver, postGzip, type Receiver, rowsText } from './receiver.ts'

const GROUPS = { HEADS, ADDRESS_CASES, BODIES, FORMS, NAMES, RESUMABLES, SIGN_INS }
const ANSWER_MS_MAX = 10_000

let receiver: Receiver
before(async () => {
  receiver = await openReceiver()
})
after(() => receiver[Symbol.asyncDispose]())

for (const [group, cases] of Object.entries(GROUPS))
  test(`hostile ${group.toLowerCase().replace('_', ' ')} get their pinned answers`, async (group) => {
    for (const each of cases) await group.test(each.what, () => check(each).finally(forgetAll))
  })

test('there are enough of them, and afterwards the server is well', async () => {
  assert.ok(Object.values(GROUPS).flat().length >= 120)
  assert.equal((await postGzip(receiver, 'honest.jsonl.gz', rowsText(5))).status, 201)
  assert.equal(await receiver.faultsLogged(), '')
})

async function check({ bytes, statuses, code, kept = [], ends }: HostileCase): Promise<void> {
  const answers = answersIn(await exchange(bytes, ends === true))
  assert.deepEqual(
    answers.map(({ status }) => status),
    statuses,
    JSON.stringify(answers),
  )
  const last = answers.at(-1)
  if (last !== undefined && last.status >= 400) checkRefusal(last, code)
  // An answer may come before the part of what was refused is gone.
  for (const end = performance.now() + 2_000; performance.now() < end; await sleep(5))
    if ((await receiver.inboxNames()).join() === kept.join()) return
  assert.deepEqual(await receiver.inboxNames(), kept)
}

/** Says the bytes, and listens until the server closes. */
async function exchange(bytes: string | Buffer, ends: boolean): Promise<string> {
  const socket = connect({ port: receiver.port, host: '127.0.0.1', allowHalfOpen: true })
  const late = setTimeout(() => socket.destroy(new Error('the connection stays open')), ANSWER_MS_MAX)
  let heard = ''
  let fault: NodeJS.ErrnoException | undefined
  socket.setEncoding('latin1').on('data', (text) => (heard += text))
  // A server that has heard enough resets what is still being said.
  socket.on('error', (error) => (fault = error))
  const text = Buffer.from(bytes).toString('latin1').replaceAll('{key}', receiver.key)
  if (ends) socket.end(text, 'latin1')
  else socket.write(text, 'latin1')
  socket.on('end', () => socket.end())
  await once(socket, 'close')
  clearTimeout(late)
  if (fault !== undefined && heard === '') throw fault
  return heard
}

type Pinned = Readonly<{ status: number; head: string; body: string }>

/** The answers on a connection, by the lengths they say. */
function answersIn(heard: string): Pinned[] {
  const answers: Pinned[] = []
  for (let rest = heard; rest !== ''; ) {
    const end = rest.indexOf('\r\n\r\n')
    const head = rest.slice(0, end < 0 ? rest.length : end)
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1])
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? (status === 100 ? 0 : rest.length))
    const body = rest.slice(head.length + 4, head.length + 4 + length)
    answers.push({ status, head, body })
    rest = rest.slice(head.length + 4 + length)
  }
  return answers
}

function checkRefusal({ status, head, body }: Pinned, code: string | undefined): void {
  assert.match(head, /^content-type: application\/problem\+json$/im)
  assert.match(head, /^connection: close$/im)
  assert.match(head, /^cache-control: no-store$/im)
  assert.doesNotMatch(head, /^(x-powered-by|server|location):/im)
  if (body === '') return
  const problem = JSON.parse(body)
  assert.equal(problem.status, status)
  if (code) assert.equal(problem.code, code, body)
  assert.doesNotMatch(body, /node_modules|\.ts\b|at .*:\d+:\d+/)
  assert.ok(!body.includes(receiver.folders.data))
  assert.ok(!body.includes(receiver.key))
}

async function forgetAll(): Promise<void> {
  for (const { id, stored_as } of await receiver.ledger.uploads.list({ limit: 200 })) {
    await receiver.ledger.lost.add(id, 'a test', 1)
    await rm(join(receiver.folders.inbox, stored_as), { force: true })
  }
}
