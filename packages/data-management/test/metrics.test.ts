/** The figures for monitoring. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { addUpLoads } from './loads-added-up.ts'
import { openReceiver, postGzip, rowsText } from './receiver.ts'

const OBSERVABILITY = join(import.meta.dirname, '../../../deploy/observability')

test('the figures need the scope read, and tell uploads, backlog and requests', async () => {
  await using receiver = await openReceiver()
  await postGzip(receiver, 'a.jsonl.gz', rowsText(2))
  const asked = async (key: string) => fetch(`${receiver.url}/metrics`, { headers: { 'X-API-Key': key } })
  assert.equal((await asked(receiver.key)).status, 403)
  const answer = await asked(await receiver.makeKey('read'))
  assert.equal(answer.status, 200)
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  const text = await answer.text()
  assert.match(text, /^splitcart_uploads\{state="accepted"\} 1$/m)
  assert.match(text, new RegExp(`^splitcart_inbox_bytes ${Buffer.byteLength(rowsText(2))}$`, 'm'))
  assert.match(text, /^splitcart_http_requests_total\{method="POST",route="\/api\/upload\/",status="201"\} 1$/m)
  assert.match(text, /^splitcart_http_requests_total\{method="GET",route="\/metrics",status="403"\} 1$/m)
  assert.match(text, /^splitcart_sources\{state="silent"\} 0$/m)
  assert.match(text, /^process_resident_memory_bytes \d/m)
})

test('what loaders did is told by the server, and every figure that alert rules and dashboard look at', async () => {
  await using receiver = await openReceiver()
  const { ledger } = receiver
  await addUpLoads([ledger])
  const asked = await fetch(`${receiver.url}/metrics`, { headers: { 'X-API-Key': await receiver.makeKey('read') } })
  const text = await asked.text()
  for (const line of [
    'splitcart_loads_total{result="loaded"} 2',
    'splitcart_rows_total{result="rejected"} 46',
    'splitcart_loaded_bytes_total 20',
    'splitcart_load_seconds_total 6',
    'splitcart_loader_deaths_total 1',
    'splitcart_loader_running 0',
    'splitcart_up{part="database"} 1',
    'splitcart_catalogue_rows{what="listings"} 0',
  ])
    assert.ok(text.split('\n').includes(line), `${line} is not in ${text}`)
  assert.match(text, /^splitcart_build_info\{version=".*",node="26\..*",database="sqlite",inbox="folder"\} 1$/m)
  assert.doesNotMatch(text, /last_backup_timestamp/)
  const told = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name))
  // Each where there is something to tell of.
  const sometimes = [
    'last_backup_timestamp_seconds',
    'next_key_expiry_timestamp_seconds',
    'source_received_timestamp_seconds',
  ]
  for (const name of sometimes) told.add(`splitcart_${name}`)
  const wanted = ['splitcart.rules.yml', 'grafana-dashboard.json'].flatMap((name) =>
    [...readFileSync(join(OBSERVABILITY, name), 'utf8').matchAll(/\bsplitcart_\w+/g)].map(([found]) =>
      found.replace(/_bucket$/, ''),
    ),
  )
  assert.ok(wanted.length > 20)
  assert.deepEqual(
    wanted.filter((name) => !told.has(name)),
    [],
  )
})
