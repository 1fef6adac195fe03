/** `splitcart archive list, cat, verify, export, pack` on both machines: what is kept comes out as it was, or is named as damaged. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type KeptFile, readKept } from '../bin/kept-files.ts'
import { temporaryFolder } from './folders.ts'
import { type Machines, openMachines, recordsIn, until } from './machines.ts'

const sha256Of = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')

/** A scrape in which only a price differs from that of another day. */
function scrape(day: number): string {
  return Array.from({ length: 300 }, (_, index) => {
    const name = sha256Of(`${index}`).slice(0, 40)
    const metadata = { company: 'aldi', store_id: 'G1', scraped_date: `2025-09-1${day}` }
    const product = { sku: `s${index}`, name, normalized_name_brand_size: name, price_current: index === day ? 9 : 1 }
    return `${JSON.stringify({ product, metadata })}\n`
  }).join('')
}

const TEXTS = [scrape(1), scrape(2)]

test('what both machines keep is listed, printed, checked and written out as it was sent, and damage is mended by the other', async () => {
  await using machines = await openMachines()
  const outbox = join(machines.scraping, 'product_outbox')
  const archive = join(machines.scraping, 'temp_jsonl_product_storage')
  await mkdir(outbox, { recursive: true })
  const [server, key] = [await machines.serve(), await machines.key()]
  for (const [day, text] of TEXTS.entries()) await writeFile(join(outbox, `${day}.jsonl`), text)
  const sent = await machines.upload(server, key, '--wait')
  assert.equal(sent.code, 0, sent.stdout + sent.stderr)
  await packHindered(machines, archive)
  assert.match((await machines.run(['archive', 'pack'])).stdout, /1 file packed\./)
  const isPacked = async () => (await machines.names('data_management', 'product_processed')).join() === PACKED.join()
  await until(isPacked, 'the server has packed what it has loaded', 120_000)

  const list = recordsIn(await machines.run(['archive', 'list', '--json']))
  assert.deepEqual(
    list.map(({ name, form, state }) => [name, form, state].join(' ')),
    ['0.jsonl packed loaded', '1.jsonl packed loaded', '  '],
  )
  for (const side of [[], ['--server']]) {
    assert.equal((await machines.run(['archive', 'cat', '1.jsonl', ...side])).stdout, TEXTS[1])
    assert.match((await machines.run(['archive', 'verify', ...side])).stdout, /^2 files in .*: each is what it was\.$/m)
  }
  await damage(join(archive, '1.jsonl.dcz'))
  const exported = await machines.run(['archive', 'export', 'out'])
  assert.equal(exported.code, 3)
  assert.deepEqual(await machines.names('out'), ['0.jsonl'])
  assert.equal(await readFile(join(machines.path, 'out', '0.jsonl'), 'utf8'), TEXTS[0])

  // The base is what all others need: with it they are whole again.
  await damage(join(archive, '.bases', (await readdir(join(archive, '.bases')))[0]!))
  const env = { API_SERVER_URL: server.url, API_SECRET_KEY: key }
  const refused = await machines.run(['archive', 'verify', '--obtain'], { ...env, API_SECRET_KEY: 'another-key-1234' })
  assert.equal(refused.code, 3, refused.stderr)
  assert.equal(refused.stdout.match(/^ +not obtained: .+$/gm)?.length, 2, refused.stdout)
  const nobody = await machines.run(['archive', 'verify', '--obtain'], { ...env, API_SERVER_CA: 'nothing.pem' })
  assert.match(nobody.stderr, /API_SERVER_CA: .*nothing\.pem/)
  const verified = await machines.run(['archive', 'verify', '--obtain'], env)
  assert.equal(verified.stdout.match(/^damaged|obtained from the server$/gm)?.length, 4, verified.stdout)
  assert.equal((await machines.run(['archive', 'verify'])).code, 0)

  await damage(join(machines.dataManagement, 'product_processed', '0.jsonl.dcz'))
  assert.match((await machines.run(['archive', 'verify', '--server', '--obtain'])).stdout, /its sender is asked for it/)
  assert.equal((await machines.upload(server, key)).code, 0)
  assert.equal((await machines.run(['archive', 'verify', '--server'])).code, 0)
  assert.deepEqual(await machines.names('scraping', 'product_outbox'), [])
})

/** Packs while every name that 1.jsonl may get is taken. */
async function packHindered(machines: Machines, archive: string): Promise<void> {
  const names = ['', '.damaged', ...[2, 3, 4].map((times) => `.damaged-${times}`)].map((each) => `1.jsonl.dcz${each}`)
  for (const name of names) await writeFile(join(archive, name), name)
  const hindered = await machines.run(['archive', 'pack'])
  assert.equal(hindered.code, 3)
  assert.match(hindered.stdout, /^left as it is {2}1\.jsonl: .* taken .*\n1 file packed; 1 file could not be\.$/m)
  for (const name of names) await rm(join(archive, name))
}

test('a file that is packed or pruned between the look for it and its reading is read where it is, or left out', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'x.jsonl')
  const file = { name: 'x.jsonl', path, kind: 'products', isRight: () => true, obtain: async () => '' }
  const read = ({ path }: KeptFile) => readFile(path, 'utf8')
  assert.equal(await readKept(file, read), undefined)
  await writeFile(`${path}.dcz`, 'packed')
  assert.equal(await readKept(file, read), 'packed')
  const elsewhere = () => readFile(join(at.path, '..', 'nothing', 'x.jsonl'), 'utf8')
  await assert.rejects(readKept(file, elsewhere), /ENOENT/)
})

const PACKED = ['0.jsonl.dcz', '1.jsonl.dcz', 'how-to-read-dcz.txt']

async function damage(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[bytes.length >> 1]! ^= 1
  await writeFile(path, bytes)
}
