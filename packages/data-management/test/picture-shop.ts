/** A shop's server of pictures on this machine, with a name and a certificate of its own, for tests of what gets pictures. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { makeAuthority, sign } from '../../../test/certificates.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import type { Internet } from '../pictures/fetch-picture.ts'

/** A picture of one red point. */
export const RED_POINT = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC',
  'base64',
)

const HOST = 'pictures.shop.example'

export type PictureShop = AsyncDisposable &
  Readonly<{
    /** The address of a path of it, at the name of the shop or another one. */
    at: (path: string, host?: string) => string
    /** What was asked for. */
    asked: string[]
    /** An internet in which names lead where they are said to: the shop's to this machine, which is allowed there. */
    internet: (names?: Readonly<Record<string, string[]>>) => Internet
  }>

/** Opens it; each path is answered as is said, every other one with the red point. */
export async function openPictureShop(
  answers: Readonly<Record<string, (response: ServerResponse) => void>> = {},
): Promise<PictureShop> {
  const folder = await temporaryFolder()
  const authority = makeAuthority(folder.path, 'authority')
  const made = sign(folder.path, authority, { name: 'shop', names: `DNS:${HOST},DNS:*.shop.example,IP:127.0.0.1` })
  const ca = readFileSync(authority.cert, 'utf8')
  const asked: string[] = []
  const server = createServer({ cert: readFileSync(made.cert), key: readFileSync(made.key) }, (request, response) => {
    asked.push(request.url!)
    const answer =
      answers[request.url!] ?? (() => response.writeHead(200, { 'content-type': 'image/png' }).end(RED_POINT))
    answer(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    at: (path, host = HOST) => `https://${host}:${port}${path}`,
    asked,
    internet: (names = {}) => ({
      ca,
      isAllowed: (address) => address === '127.0.0.1',
      resolve: async (host) => (names[host] ?? ['127.0.0.1']).map((address) => ({ address, family: 4 })),
    }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      await folder[Symbol.asyncDispose]()
    },
  }
}
