/** A proxy as offices have it: CONNECT to this machine, whatever the name; it remembers all that it could read. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

export type ConnectProxy = AsyncDisposable &
  Readonly<{
    address: string
    /** `CONNECT host:port` and other first lines, each as it was asked. */
    asked: string[]
    /** All bytes that came from clients. */
    read: () => string
  }>

/** Opens one. With `password`, it asks for `name:password` first. */
export async function openConnectProxy(password?: string): Promise<ConnectProxy> {
  const asked: string[] = []
  const heard: Buffer[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    heard.push(Buffer.from(JSON.stringify(request.headers)))
    response.writeHead(502).end()
  })
  server.on('connect', ({ url = '', headers }, client, head) => {
    asked.push(`CONNECT ${url}`)
    const [, basic] = (headers['proxy-authorization'] ?? '').split(' ')
    if (password !== undefined && Buffer.from(basic ?? '', 'base64').toString() !== password)
      return client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n')
    const target = connect(Number(url.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      target.write(head)
      client.on('data', (chunk) => heard.push(chunk))
      client.pipe(target).pipe(client)
    })
    for (const socket of [client, target]) socket.on('error', () => target.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.close()
    server.closeAllConnections()
  }
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    read: () => Buffer.concat(heard).toString('latin1'),
    [Symbol.asyncDispose]: close,
  }
}
