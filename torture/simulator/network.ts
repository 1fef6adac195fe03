/** The network between a sender and the server: it loses requests and answers. */
import { Readable } from 'node:stream'
import { receiptOf } from '@splitcart/data-management/ledger/receipt-of.ts'
import { errorOfResponse } from '@splitcart/scraping/answer.ts'
import { chunksOf } from '@splitcart/scraping/chunks.ts'
import type { Reject } from '@splitcart/scraping/rejects.ts'
import type { Spooled } from '@splitcart/scraping/spool.ts'
import type { UploadClient } from '@splitcart/scraping/upload-client.ts'
import type { Disk } from '@splitcart/shared/disk.ts'
import { PROBLEM_MEDIA_TYPE, Problem, toProblemDocument } from '@splitcart/shared/problem.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import type { Known } from './contents.ts'
import type { Server } from './server.ts'
import type { Process, World } from './world.ts'

const LOST_SHARE = 0.15

/** What a sender talks to. */
export type Network = Readonly<{
  world: World
  server: Server
  /** Told of every answer that says that a file was accepted, whether it arrives or not. */
  onAccepted: (sha256: string, keyId: string) => void
  about: (sha256: string) => Known | undefined
}>

/** The server as one process sees it. */
export function clientOf(network: Network, process: Process, disk: Disk): UploadClient {
  const { world, server } = network
  const isLost = () => world.chance.is(LOST_SHARE)
  const ask = async <T>(answer: () => T): Promise<T> => {
    await process.turn(() => {})
    if (server.listening === undefined || isLost()) throw unreachable()
    return process.turn(answer)
  }
  const uploadOf = (id: string) => [...server.ledger.uploads.records.values()].find((upload) => upload.id === id)
  return {
    send: async (spooled) => {
      const bytes = await wholeFile(disk, spooled.path)
      await process.turn(() => {})
      const answer = carry(network, process, { spooled, bytes, breaksOff: isLost() })
      const receipt = await answer
      await process.turn(() => {})
      if (isLost()) throw unreachable()
      if (receipt.sha256 !== spooled.sha256) throw new Problem('receipt_mismatch', receipt.sha256)
      return receipt
    },
    receipt: (id) =>
      ask(() => {
        const upload = uploadOf(id)
        return upload === undefined ? undefined : receiptOf(upload, false)
      }),
    receipts: (ids) =>
      ask(() => {
        const found = ids.flatMap((id) => uploadOf(id) ?? [])
        return new Map(found.map((upload) => [upload.id, receiptOf(upload, false)]))
      }),
    requested: async () => ({ uploads: [] }),
    known: async (ids) => new Set(ids),
    content: async function* () {},
    report: async () => {},
    probe: async () => {
      await process.turn(() => {})
      return server.listening !== undefined && !isLost() ? 'server' : 'nobody'
    },
    async *rejects(id): AsyncGenerator<Reject> {
      const upload = await ask(() => uploadOf(id))
      for (const line of network.about(upload?.sha256 ?? '')?.bad ?? [])
        yield { line, code: 'name_missing', field: 'name', reason: 'it has no name', raw: null }
    },
  }
}

type Request = Readonly<{ spooled: Spooled; bytes: Buffer; breaksOff: boolean }>

/** One upload: the server goes on with it whatever happens to the sender, as far as the bytes have come. */
function carry({ world, server, onAccepted }: Network, from: Process, request: Request): Promise<Receipt> {
  const { spooled, bytes, breaksOff } = request
  const { listening } = server
  if (listening === undefined) throw unreachable()
  const { promise, resolve, reject } = Promise.withResolvers<Receipt>()
  promise.catch(() => {})
  const body = new Readable({ read: () => {} }).on('error', () => {})
  const cut = () => {
    body.destroy(new Error('cut'))
    reject(unreachable())
  }
  const to = listening.process
  for (const side of [from, to]) side.onDeath.add(cut)
  world.go(from, async () => {
    await from.turn(() => body.push(bytes.subarray(0, breaksOff ? bytes.length >> 1 : bytes.length)))
    await from.turn(() => (breaksOff ? cut() : body.push(null)))
  })
  world.go(to, async () => {
    try {
      const checkRequestEnd = async () => {}
      const about = {
        encoding: 'zstd' as const,
        kind: 'products',
        filename: spooled.name,
        sha256: spooled.sha256,
        keyId: from.machine.name,
        checkRequestEnd,
      }
      const { upload, isNew } = await listening.accept({ ...about, body })
      onAccepted(upload.sha256, from.machine.name)
      // What was promised a moment ago must hold already.
      to.mayDieHere()
      resolve(receiptOf(upload, !isNew))
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      reject(answerTo(error))
    } finally {
      for (const side of [from, to]) side.onDeath.delete(cut)
    }
  })
  return promise
}

function answerTo(problem: Problem): Error {
  const document = toProblemDocument(problem)
  const { status } = document
  const headers = new Headers({ 'content-type': PROBLEM_MEDIA_TYPE })
  return errorOfResponse({ url: 'http://server', status, headers, text: JSON.stringify(document) }, 0)
}

function unreachable(): Problem {
  return new Problem('server_unreachable', 'cut')
}

async function wholeFile(disk: Disk, path: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of chunksOf(disk, path)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
