/** A shop of the web: pages of products, as scrapers find them, on this machine. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A shop that answers; `asked` is how many pages were asked for. */
export type Shop = AsyncDisposable & Readonly<{ url: string; asked: () => number }>

/**
 * Opens a shop with so many pages of one product, each of which leads to the next ones: `/` is the first. `/api/N` tells the same as JSON.
 * Each page is a heap's node: from the first all are reached, some at the same time.
 */
export async function openShop(pages: number): Promise<Shop> {
  let asked = 0
  const server = createServer((request, response) => {
    const number = Number(/\d+$/.exec(request.url ?? '')?.[0] ?? 1)
    asked++
    if (number < 1 || number > pages) return response.writeHead(404).end()
    const next = [2 * number, 2 * number + 1].filter((each) => each <= pages)
    if (request.url?.startsWith('/api/')) return response.end(JSON.stringify({ ...productOf(number), next }))
    response.setHeader('Content-Type', 'text/html; charset=utf-8')
    return response.end(pageOf(number, next))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function productOf(number: number) {
  return { sku: `SKU-${number}`, name: `Crème № ${number}`, price: `${(number % 90) + 1}.${number % 10}5` }
}

function pageOf(number: number, next: readonly number[]): string {
  const { sku, name, price } = productOf(number)
  const links = next.map((each) => `<a class="next" href="/p/${each}">more</a>`).join(' ')
  return `<!doctype html><article data-sku="${sku}"><h1>${name}</h1><b class="price">$${price}</b></article>${links}`
}
