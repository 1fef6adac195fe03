/** Sending one big file, from the outbox to the server's receipt. All but rclone send to the same server, ours. */
import { copyFile, mkdir, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { recordsIn } from '../test/machines.ts'
import { factsOf } from './accept.ts'
import type { Comparison, Contestant, Figures } from './compare.ts'
import { curlToUs, KEY } from './curl.ts'
import { bigFile, realAsOne } from './data.ts'
import { output } from './programs.ts'
import { startRclone } from './rivals/rclone.ts'
import { openStage, type Stage } from './stage.ts'

const BYTES = 250_000_000
const NAME = 'big.jsonl'
const ON_WIRE = 'MB on the wire'

/** One generated file of 250 MB. */
export async function sendOne(): Promise<Comparison> {
  return sending('Sending one file of 250 MB', (await bigFile(BYTES)).plain)
}

/** All real scrapes in one file. */
export async function sendReal(): Promise<Comparison | undefined> {
  const plain = await realAsOne()
  return plain === undefined ? undefined : sending('Sending real scrapes, in one file', plain)
}

async function sending(title: string, plain: string): Promise<Comparison> {
  const stage = await openStage()
  const folder = join(stage.machines.path, 'rivals')
  await mkdir(folder)
  const rclone = await viaRclone(join(folder, 'rclone'), plain)
  return {
    title,
    amount: (await stat(plain)).size / 1e6,
    unit: 'MB',
    contestants: [ours(stage, plain), viaGzip(stage, plain, folder), viaPipe(stage, plain), rclone],
    [Symbol.asyncDispose]: async () => {
      await rclone[Symbol.asyncDispose]()
      await stage[Symbol.asyncDispose]()
    },
  }
}

function ours(stage: Stage, plain: string): Contestant {
  const outbox = join(stage.machines.scraping, 'product_outbox')
  const archive = join(stage.machines.scraping, 'temp_jsonl_product_storage')
  return {
    name: 'splitcart upload-data: compressed, sent, archived, all of it durable',
    prepare: async () => {
      await rm(archive, { recursive: true, force: true })
      await mkdir(outbox, { recursive: true })
      await copyFile(plain, join(outbox, NAME))
      await stage.anew({ isWarm: true })
    },
    run: async () => {
      const ended = await stage.machines.upload(stage.receiver(), KEY, '--json', '--quiet')
      const [summary] = recordsIn<{ wireBytes: number }>(ended)
      if (ended.code !== 0 || summary === undefined)
        throw new Error(`upload-data ended with ${ended.code}: ${ended.stderr}`)
      return { [ON_WIRE]: summary.wireBytes / 1e6 }
    },
    facts: () => factsOf(join(stage.receiver().inbox, NAME)),
    pids: () => [stage.receiver().pid],
  }
}

function viaGzip(stage: Stage, plain: string, folder: string): Contestant {
  const packed = join(folder, `${NAME}.gz`)
  return {
    ...toUs(stage),
    name: 'gzip -6 to a file, then curl of it',
    run: async () => {
      {
        await using file = await open(packed, 'w')
        await output('gzip', ['-6', '-c', plain], { stdio: ['ignore', file.fd, 'inherit'] })
      }
      const bytes = await output('curl', curlToUs(stage.receiver().url, packed, NAME))
      return { [ON_WIRE]: Number(bytes) / 1e6 }
    },
  }
}

function viaPipe(stage: Stage, plain: string): Contestant {
  return {
    ...toUs(stage),
    name: 'gzip -6 into curl: nothing to resume from',
    run: async () => {
      const pipe = 'file="$1"; shift; gzip -6 -c "$file" | curl "$@"'
      const bytes = await output('sh', ['-c', pipe, 'pipe', plain, ...curlToUs(stage.receiver().url, '-', NAME)])
      return { [ON_WIRE]: Number(bytes) / 1e6 }
    },
  }
}

function toUs(stage: Stage): Pick<Contestant, 'prepare' | 'facts' | 'pids'> {
  return {
    prepare: () => stage.anew({ isWarm: true }),
    facts: () => factsOf(join(stage.receiver().inbox, NAME)),
    pids: () => [stage.receiver().pid],
  }
}

async function viaRclone(folder: string, plain: string): Promise<Contestant & AsyncDisposable> {
  const rclone = await startRclone(folder)
  const run = async (): Promise<Figures> => {
    await rclone.copy(plain, NAME)
    return { [ON_WIRE]: (await stat(plain)).size / 1e6 }
  }
  return {
    name: 'rclone copyto, WebDAV to rclone serve: not compressed',
    prepare: () => rclone.cleared(),
    run,
    facts: () => factsOf(join(rclone.files, NAME)),
    pids: () => [rclone.pid],
    [Symbol.asyncDispose]: () => rclone[Symbol.asyncDispose](),
  }
}
