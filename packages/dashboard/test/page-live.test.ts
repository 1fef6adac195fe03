/** What moves by itself: uploads as they come, keys as they are made and revoked, the server as it goes and comes back. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { openHook, openMailServer } from '@splitcart/data-management/test/notice-servers.ts'
import { until } from '../../../test/machines.ts'
import { NO_BROWSER } from './browser.ts'
import { daysAgo, fileOf, neverAvailable, openSite, rowOf, type Site, says } from './site.ts'

describe('the page, live', { skip: NO_BROWSER }, () => {
  let site: Site
  before(async () => {
    site = await openSite({ days: 0 })
  })
  after(() => site[Symbol.asyncDispose]())

  test('while nothing has arrived every page says what to type', async () => {
    await using window = await site.window(site.admin)
    const { page } = window
    for (const [path, command] of [
      ['/', 'npx splitcart upload-data --wait'],
      ['/sources', 'npx splitcart upload-data --wait'],
      ['/uploads', 'npx splitcart doctor'],
      ['/products', 'npx splitcart upload-data --wait'],
    ] as const) {
      await window.goto(path)
      await page.getByText(command).first().waitFor()
    }
    for (const [path, words] of [
      ['/rejects', 'Every row that arrived was loaded.'],
      ['/holds', 'Nothing is held.'],
      ['/notices', 'Nobody is. Set some of these on the server'],
      ['/notices', 'No product is watched.'],
    ] as const) {
      await window.goto(path)
      await page.getByText(words).waitFor()
    }
    assert.deepEqual(window.faults, [])
  })

  test('a file that is uploaded appears and becomes loaded, without a reload', async () => {
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/uploads')
    await page.getByText('Live', { exact: true }).waitFor()
    await page.evaluate(() => Object.assign(globalThis, { isStillHere: true }))
    await site.write('live-2026-01-01.jsonl', fileOf('2026-01-01', 40))
    const sent = site.upload('--quiet')
    const row = page.getByRole('row').filter({ hasText: 'live-2026-01-01.jsonl' })
    await row.waitFor()
    await row.getByText('loaded').waitFor()
    assert.equal((await sent).code, 0)
    assert.equal(await page.evaluate(() => 'isStillHere' in globalThis), true)
    await page.getByRole('link', { name: 'Overview' }).click()
    await says(page.getByRole('region', { name: 'Today' }), /Uploads today\s+1/)
    assert.deepEqual(window.faults, [])
  })

  test('one goes from anywhere to anywhere with a few letters, however they are typed, by keyboard alone', async () => {
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/holds')
    const go = async (keys: string, typed: string, heading: RegExp) => {
      await page.keyboard.press(keys)
      await page.getByRole('combobox', { name: /Products, stores/ }).waitFor()
      await page.keyboard.type(typed)
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { level: 1, name: heading }).waitFor()
    }
    await go('/', 'prodcut s12', /^Product s12$/)
    await go('Control+k', 'live-2026', /^live-2026-01-01\.jsonl$/)
    await go('/', 'reje', /^Rejects$/)
    assert.deepEqual(window.faults, [])
  })

  test('when the server stops the page says so, and goes on by itself when it is back', async () => {
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/uploads')
    await page.getByText('Live', { exact: true }).waitFor()
    await site.stop()
    await page.getByText('Not connected, trying again').waitFor()
    await site.restart()
    await page.getByText('Live', { exact: true }).waitFor()
    await site.write('after-2026-01-02.jsonl', fileOf('2026-01-02', 40))
    const sent = site.upload('--quiet')
    const row = page.getByRole('row').filter({ hasText: 'after-2026-01-02.jsonl' })
    await row.getByText('loaded').waitFor()
    assert.equal((await sent).code, 0)
    const faults = window.faults.filter((fault) => !fault.includes('net::ERR_'))
    assert.deepEqual(faults, [])
  })

  test('the same finding of several stores is one line, and is believed from now on by a click', async () => {
    for (const store of ['C2', 'C3']) await site.write(`never-${store}.jsonl`, neverAvailable(store))
    await site.upload('--quiet')
    await using window = await site.window(site.admin)
    const { page } = window
    await window.goto('/')
    const line = '2 stores of market: is_available is false in every row'
    const attention = page.getByRole('region', { name: 'Needs attention' })
    await attention.getByRole('link', { name: line }).click()
    await page.waitForURL(/\/uploads\/[0-9a-f-]{36}$/)
    await page.getByRole('button', { name: 'Believe from now on' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(/Reason/).fill('they never say')
    await dialog.getByRole('button', { name: 'Believe' }).click()
    await page.getByText(/believed since/).waitFor()
    await window.goto('/findings')
    await page.getByText('market: flag_constant of is_available').waitFor()
    await page.getByText('they never say').waitFor()
    assert.equal(await page.getByText(line).count(), 0)
    await page.getByRole('button', { name: 'Take it back' }).click()
    await page.getByRole('link', { name: line }).waitFor()
    assert.deepEqual(window.faults, [])
  })

  test('a repair shows every price that it touches, and is made by a click', async () => {
    await site.write('dear-2026-01-02.jsonl', fileOf('2026-01-02', 40, 150))
    await site.upload('--quiet')
    await using window = await site.window(site.admin)
    const { page } = window
    await window.goto('/holds')
    const repair = page.getByRole('region', { name: 'The repair' })
    await repair.getByText('What would make it right: divide price_current and price_was by 100').waitFor()
    await page
      .getByRole('img', { name: /^Of 40 prices that can be compared, 100% are about 100 times as high\.$/ })
      .waitFor()
    await repair.getByRole('button', { name: 'Show more' }).click()
    await repair.getByRole('row', { name: '40 Product s39 150.00 1.50' }).waitFor()
    await page.getByRole('button', { name: 'Release repaired' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Release repaired' }).click()
    await page.getByText('Nothing is held.').waitFor()
    await window.goto('/uploads?q=dear')
    await page.getByRole('link', { name: 'dear-2026-01-02.jsonl' }).click()
    await repair.getByText('Repaired: divide price_current and price_was by 100, says').waitFor()
    assert.deepEqual(window.faults, [])
  })

  test('a key is made on the page, used by upload-data, rotated, revoked, and then refused', async () => {
    await using window = await site.window(site.admin)
    const { page } = window
    await window.goto('/keys')
    // The search is loaded when it is opened first.
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: /Products, stores/ }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('combobox', { name: /Products, stores/ }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Create a key' }).click()
    await page.getByLabel('Name').fill('a laptop')
    const ownKey = page.getByLabel('Your own key, once more')
    await ownKey.fill(`${site.admin}x`)
    await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
    await page.getByText('This key is not accepted').waitFor()
    await ownKey.fill(site.admin)
    await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
    const key = (await page.getByRole('dialog').locator('pre').innerText()).trim()
    assert.match(key, /^splitcart_/)
    // It is shown this once: neither a second Enter nor Escape nor the search loses it, and the keyboard goes on where it was.
    for (const press of ['Enter', 'Escape', 'Control+k']) await page.keyboard.press(press)
    assert.equal(await page.getByRole('dialog').count(), 1)
    await page.getByRole('button', { name: 'I have it' }).click()
    await page.waitForFunction(() => document.activeElement?.textContent === 'Create a key')
    assert.ok(!(await page.content()).includes(key))
    await site.write('laptop-2026-01-03.jsonl', fileOf('2026-01-03', 40))
    assert.equal((await site.machines.upload(site.server(), key, '--quiet')).code, 0)
    await page.reload()
    const row = page.getByRole('row').filter({ hasText: 'a laptop' })
    await row.getByText('127.0.0.1').waitFor()
    await row.getByRole('button', { name: 'Revoke a laptop' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await row.getByText('revoked').waitFor()
    assert.equal((await site.machines.upload(site.server(), key, '--quiet')).code, 10)
    await page.getByRole('link', { name: 'Audit', exact: true }).click()
    await page
      .getByRole('table', { name: 'Audit' })
      .getByText(/revoked/)
      .first()
      .waitFor()
    assert.deepEqual(window.faults, [])
  })

  test('a machine is added: the page shows the lines for it, waits, and says when it is heard of', async () => {
    // More keys that work no more than are told at once.
    using ledger = new DatabaseSync(join(site.machines.dataManagement, 'ledger.db'), { timeout: 60_000 })
    ledger.exec(`with recursive number(n) as (values (1) union all select n + 1 from number where n < 600)
      insert into api_key (id, name, secret_sha256, scopes, created_at, revoked_at)
        select format('old%09d', n), 'garage box', '', 'upload', n, n from number`)
    await using window = await site.window(site.admin)
    const { page } = window
    await window.goto('/machines')
    await page.getByRole('row').filter({ hasText: 'kitchen laptop' }).waitFor()
    await page.getByRole('button', { name: 'Add a machine' }).click()
    await page.getByLabel('What the machine is called').fill('garage box')
    await page.getByText('Windows', { exact: true }).click()
    await page.getByLabel('Your own key, once more').fill(site.admin)
    await page.getByRole('button', { name: 'Go on' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('waiting', { exact: true }).waitFor()
    await dialog.getByText('By hand').click()
    await dialog.getByText('UTF8Encoding $false').waitFor()
    const [, line = ''] = (await dialog.locator('pre').first().innerText()).split('\n')
    const [, address = '', code = ''] = /^splitcart connect (\S+) --code (\S+) --schedule$/.exec(line) ?? []
    const home = { HOME: site.machines.path, XDG_CONFIG_HOME: join(site.machines.path, 'garage') }
    const connected = await site.machines.run(['connect', address, '--code', code, '--no-schedule'], home)
    assert.match(connected.stdout, /Connected to .* as garage box/, connected.stderr)
    await dialog.getByText('has its key', { exact: true }).waitFor()
    const settings = await readFile(/stand in (\S+)\.$/m.exec(connected.stdout)?.[1] ?? '', 'utf8')
    const [, key = ''] = /^API_SECRET_KEY=(\S+)$/m.exec(settings) ?? []
    await site.write('garage-2026-01-04.jsonl', fileOf('2026-01-04', 40))
    assert.equal((await site.machines.upload(site.server(), key, '--quiet')).code, 0)
    await dialog.getByText('connected', { exact: true }).waitFor()
    await dialog.getByRole('button', { name: 'Done' }).click()
    await window.goto('/machines')
    const row = page.getByRole('row').filter({ hasText: 'garage box' }).filter({ hasText: process.platform })
    await row.filter({ hasText: 'nothing' }).getByText('seen', { exact: true }).waitFor()
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'CSV' }).click()
    const text = await readFile(await (await saved).path(), 'utf8')
    assert.match(text, /^id,name,.*,machine_version,[\s\S]*garage box/)
    assert.deepEqual(window.faults, [])
  })

  test('an administrator sees on the page who is signed in, and ends that', async () => {
    await using other = await site.window(await site.machines.key('read'))
    await other.goto('/uploads')
    await using window = await site.window(site.admin)
    await window.goto('/sessions')
    const row = window.page.getByRole('row').filter({ hasText: 'a test' }).first()
    await row.getByRole('button', { name: 'End the session of a test' }).click()
    await row.waitFor({ state: 'detached' })
    await other.page.waitForURL(/\/sign-in/)
    assert.deepEqual(window.faults, [])
  })

  test('a product is watched by keyboard, and its price is told by ntfy and by mail', async () => {
    await using hook = await openHook()
    await using mail = await openMailServer()
    const environment = {
      NOTICE_NTFY_URL: `${hook.url}/a-topic`,
      NOTICE_SMTP_URL: `smtp://me:a%20p%40ss@127.0.0.1:${mail.port}`,
      NOTICE_MAIL_TO: 'owner@example.org',
      NOTICE_KINDS: 'watch',
      CURRENCY: 'AUD',
    }
    const oatsOn = async (days: number, price: number) => {
      const scraped_date = daysAgo(days)
      const metadata = { company: 'mill', store_id: 'M1', store_name: 'Mill', scraped_date }
      const rows = [rowOf('oats', price, { name: 'Rolled Oats', metadata }), rowOf('rye', 4, { name: 'Rye', metadata })]
      await site.write(`mill-${scraped_date}.jsonl`, `${rows.join('\n')}\n`)
      assert.equal((await site.upload('--quiet')).code, 0)
    }
    await oatsOn(1, 3)
    await site.stop()
    await site.restart(environment)
    await using window = await site.window(site.admin)
    const { page } = window
    await window.goto('/products?q=oats')
    await page.getByRole('link', { name: 'Rolled Oats' }).click()
    await page.getByRole('button', { name: 'Watch' }).press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.getByText('costs $3.00 now').waitFor()
    await dialog.getByRole('spinbutton', { name: 'Price' }).fill('2.50')
    await dialog.getByRole('spinbutton', { name: 'Price' }).press('Enter')
    await page.getByRole('button', { name: '★ Watched' }).waitFor()
    await oatsOn(0, 2.4)
    await site.stop()
    // A server that starts looks at once.
    await site.restart(environment)
    await window.goto('/notices')
    const told = 'Rolled Oats: $2.40 at mill, wanted for $2.50'
    await page.getByRole('table', { name: 'Notices so far' }).getByText(told).first().waitFor()
    await page.getByRole('list', { name: 'Watched products' }).getByText('at $2.50 or less').waitFor()
    await page.getByRole('button', { name: 'Send a test' }).click()
    await page.getByRole('status', { name: 'Answers to the test' }).getByText('has taken the test').nth(1).waitFor()
    await until(() => hook.posted.some(({ body }) => String(body.message).includes(told)), 'ntfy is told', 120_000)
    await until(() => mail.mails.some((text) => text.includes(told)), 'the mail comes', 120_000)
    await page.getByRole('button', { name: 'Watch Rolled Oats no more' }).click()
    await page.getByText('No product is watched.').waitFor()
    assert.doesNotMatch(await page.locator('body').innerText(), /a-topic|p@ss/)
    const faults = window.faults.filter((fault) => !fault.includes('net::ERR_'))
    assert.deepEqual(faults, [])
  })

  test('who signed in with a key that is revoked is signed out', async () => {
    const key = await site.machines.key('read')
    await using window = await site.window(key)
    const { page } = window
    await window.goto('/uploads')
    await page.getByText('Live', { exact: true }).waitFor()
    const id = key.split('_')[1]!
    assert.equal((await site.machines.run(['keys', 'revoke', id])).code, 0)
    await page.waitForURL(/\/sign-in/)
    assert.deepEqual(window.faults, [])
  })
})
