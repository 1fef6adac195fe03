/** A balancer as stands before receivers: each connection goes to the next one that takes it, whichever had the last. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A balancer that listens. `portOf` gives the port of each receiver as it is now. */
export type Balancer = AsyncDisposable & Readonly<{ url: string }>

/** Opens a balancer for so many receivers. */
export async function openBalancer(count: number, portOf: (receiver: number) => number): Promise<Balancer> {
  const open = new Set<Socket>()
  let turn = 0
  const server = createServer({ allowHalfOpen: true }, (client) => {
    keep(client)
    void pass(client)
  })
  const pass = async (client: Socket) => {
    for (let tries = 0; tries < count; tries++) {
      const upstream = await connected(portOf(turn++ % count))
      if (upstream === undefined) continue
      keep(upstream)
      client.pipe(upstream).pipe(client)
      client.on('close', () => upstream.destroy())
      upstream.on('close', () => client.destroy())
      return
    }
    client.destroy()
  }
  const keep = (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket))
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy()
      await once(server.close(), 'close')
    },
  }
}

async function connected(port: number): Promise<Socket | undefined> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  try {
    await once(socket, 'connect')
    return socket
  } catch {
    return undefined
  }
}
