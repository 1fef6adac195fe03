/** The whole way: from `upload-data`, with files in its outbox, to the last row committed in the catalogue. */
import { link, mkdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Plan, planOf } from '@splitcart/generator/plan.ts'
import { cachedLineWriter, scrapesOf } from '@splitcart/generator/scrapes.ts'
import { writeChunks } from '@splitcart/generator/write.ts'
import { childrenOf } from '../test/processes.ts'
import type { Comparison, Contestant } from './compare.ts'
import { KEY } from './curl.ts'
import { filesIn, WHOLE_DRIFT } from './data.ts'
import { openStage, type Stage } from './stage.ts'

const LOOK_MS = 10

/** 20 drifting stores: about 52,000 rows, 62 MB. */
export function wholeWay(): Promise<Comparison> {
  return theWay(planOf({ companies: 4, stores: 5, days: 1, products: 2600, drift: WHOLE_DRIFT }))
}

/** 2,000 drifting stores: about 5.2 million rows, 6.2 GB. It takes minutes. */
export async function wholeWayOfMany(): Promise<Comparison> {
  return {
    ...(await theWay(planOf({ companies: 4, stores: 500, days: 1, products: 2600, drift: WHOLE_DRIFT }))),
    isLong: true,
  }
}

/** 2,000 stores with 50 products each: 100,000 rows, and more requests than a key may make in a minute. */
export function wholeWayOfSmall(): Promise<Comparison> {
  return theWay(planOf({ companies: 4, stores: 500, days: 1, products: 50, drift: WHOLE_DRIFT }), {})
}

// One machine that sends for 2,000 stores is not what the limit was made for.
const UNLIMITED = { REQUESTS_PER_MINUTE_MAX: '1000000' }

async function theWay(plan: Plan, environment: Readonly<Record<string, string>> = UNLIMITED): Promise<Comparison> {
  const stage = await openStage([])
  const source = join(stage.machines.path, 'scraped')
  const rows = await writeScrapes(source, plan)
  const files = await filesIn(source)
  const contestant: Contestant = {
    name: 'splitcart: one sender, one receiver, one loader',
    prepare: async () => {
      await fillOutbox(stage.machines.scraping, files)
      await stage.anew({ environment })
    },
    run: () => deliver(stage, files.length),
    facts: async () => checkAllLoaded(stage, rows),
    pids: () => [stage.receiver().pid, ...childrenOf(stage.receiver().pid)],
  }
  return {
    title: `The whole way: files of ${files.length.toLocaleString('en')} stores from the outbox into the catalogue, ${rows.toLocaleString('en')} rows`,
    amount: rows,
    unit: 'rows',
    contestants: [contestant],
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  }
}

async function writeScrapes(folder: string, plan: Plan): Promise<number> {
  await mkdir(folder)
  const write = cachedLineWriter(plan)
  let rows = 0
  for (const { store, day, fileName } of scrapesOf(plan))
    rows += (await writeChunks(join(folder, fileName), write(store, day))).rows
  return rows
}

// Linked, not copied: what is archived in one run is there for the next.
async function fillOutbox(scraping: string, files: readonly string[]): Promise<void> {
  await rm(scraping, { recursive: true, force: true })
  const outbox = join(scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true })
  for (const path of files) await link(path, join(outbox, basename(path)))
}

async function deliver(stage: Stage, files: number): Promise<void> {
  using catalogue = openToLook(stage)
  const loads = catalogue.prepare(`select count(*) as count from load where state = 'loaded'`)
  const sent = stage.machines.upload(stage.receiver(), KEY)
  while (Number(loads.get()?.count) < files) await sleep(LOOK_MS)
  const { code, stderr } = await sent
  if (code !== 0) throw new Error(`upload-data ended with ${code}: ${stderr}`)
}

function checkAllLoaded(stage: Stage, expected: number) {
  using catalogue = openToLook(stage)
  const { rows } = catalogue.prepare('select sum(rows - rejected) as rows from load').get() as { rows: number }
  if (rows !== expected) throw new Error(`${rows} of ${expected} rows were loaded`)
  return { rows }
}

function openToLook(stage: Stage): DatabaseSync {
  return new DatabaseSync(join(stage.machines.dataManagement, 'catalogue.db'), { readOnly: true })
}
