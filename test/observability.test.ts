/** The alert rules, as Prometheus understands them, and what the runbook says to each. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openMachines } from './machines.ts'
import { neededHere } from './needed.ts'

const ROOT = join(import.meta.dirname, '..')
const FOLDER = join(ROOT, 'deploy/observability')
const skip = neededHere(
  spawnSync('promtool', ['--version']).error !== undefined && 'there is no promtool here, it comes with Prometheus',
)

function promtool(...args: string[]): void {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: FOLDER, encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
}

test('the rules fire when something is wrong, and at nothing else', { skip }, () => {
  promtool('check', 'rules', 'splitcart.rules.yml')
  promtool('test', 'rules', 'splitcart.rules.test.yml')
  promtool('check', 'config', '--syntax-only', 'prometheus.yml')
})

test('each rule has a test, and a part of the runbook', () => {
  const text = (path: string) => readFileSync(path, 'utf8')
  const rules = text(join(FOLDER, 'splitcart.rules.yml'))
  const alerts = [...rules.matchAll(/alert: (\w+)/g)].map(([, name]) => name!)
  const runbook = text(join(ROOT, 'docs/runbook.md'))
  const headings = [...runbook.matchAll(/^## (\w+)$/gm)].map(([, name]) => name!.toLowerCase())
  const anchors = [...rules.matchAll(/runbook: docs\/runbook\.md#(\w+)/g)].map(([, name]) => name!)
  assert.equal(anchors.length, alerts.length)
  assert.deepEqual(new Set(anchors), new Set(headings))
  const tests = text(join(FOLDER, 'splitcart.rules.test.yml'))
  for (const alert of alerts) assert.match(tests, new RegExp(`alertname: ${alert}\\n.*exp_alerts`), alert)
})

test('Prometheus takes the figures of a server as they are', { skip }, async () => {
  await using machines = await openMachines()
  const [{ url }, key] = [await machines.serve(['--no-update-db']), await machines.key('read')]
  const answer = await fetch(`${url}/metrics`, { headers: { 'X-API-Key': key } })
  // prom-client names three of its own otherwise than Prometheus advises.
  const own = (await answer.text()).replaceAll(/^.*nodejs_active_\w+_total.*\n/gm, '')
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: own, encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
})
